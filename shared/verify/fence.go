package verify

import (
	"bufio"
	"errors"
	"io"
)

// fence stands before a decoder of XML, which keeps the text between two tags, and each tag, in memory whole. It cuts long texts in pieces
// by putting an empty processing instruction between them, which changes neither the elements nor whether they are well-formed, and it
// refuses what has no bound and none of our writers makes: comments, CDATA, document types, and instructions but the declaration.
type fence struct {
	r         *bufio.Reader
	text, tag int64 // limits
	in        func(*fence, byte) error
	run       int64 // bytes of the text or the tag so far
	entity    int64 // bytes of the entity so far, 0 outside
	last      byte
	began     bool
	pending   []byte
}

func newFence(r io.Reader, l limits) *fence {
	return &fence{r: bufio.NewReader(r), text: l.text, tag: l.tag, in: (*fence).inText}
}

const (
	piece  = "<?p?>"
	entity = 64       // longest entity: ours have five characters
	slack  = 64 << 10 // how far behind the limit a place to cut may be
)

var errFence = errors.New("verify: XML that none of ours has")

// Read implements io.Reader.
func (f *fence) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(f.pending) > 0 {
			k := copy(p[n:], f.pending)
			f.pending, n = f.pending[k:], n+k
			continue
		}
		c, err := f.r.ReadByte()
		if err != nil {
			return n, err
		}
		f.pending = f.pending[:0]
		if err := f.in(f, c); err != nil {
			return n, err
		}
		f.pending = append(f.pending, c)
		f.last, f.began = c, true
	}
	return n, nil
}

func (f *fence) inText(c byte) error {
	if c == '<' {
		f.in, f.run, f.entity = (*fence).inTag, 0, 0
		if !f.began {
			f.in = (*fence).first
		}
		return nil
	}
	whole := f.entity == 0 && (c < 0x80 || c >= 0xc0) // neither within an entity nor within a character
	switch {
	case c == ';':
		f.entity = 0
	case c == '&', f.entity > 0:
		f.entity++
	}
	f.run++
	switch {
	case f.run > f.text && whole && f.last != ']':
		f.pending, f.run = append(f.pending, piece...), 1
	case f.run > f.text+slack, f.entity > entity:
		return errFence
	}
	return nil
}

// first is after the first character of the document.
func (f *fence) first(c byte) error {
	f.in = (*fence).inTag
	if c == '?' {
		f.in = (*fence).inDeclaration
		return nil
	}
	return f.inTag(c)
}

func (f *fence) inTag(c byte) error {
	f.run++
	switch {
	case c == '<', f.run > f.tag, f.last == '<' && (c == '!' || c == '?'):
		return errFence
	case c == '>':
		f.in, f.run = (*fence).inText, 0
	}
	return nil
}

func (f *fence) inDeclaration(c byte) error {
	f.run++
	switch {
	case c == '<', f.run > f.tag:
		return errFence
	case c == '>' && f.last == '?':
		f.in, f.run = (*fence).inText, 0
	}
	return nil
}
