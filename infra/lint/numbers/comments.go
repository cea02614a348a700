package numbers

import (
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxComment is the width of a line with a comment, in columns and with the indentation.
const maxComment = 100

// tabWidth is what a tab counts for in the width of a line.
const tabWidth = 4

// Comment is the part of a comment that is on one line.
type Comment struct {
	Line  int  // from 1
	Width int  // of the whole line, in columns
	Alone bool // no code is before it
	Text  string
}

// TooWide says that the line is wider than maxComment and could be broken. Two kinds cannot: a
// directive, which a program reads, and a single word, such as a URL, on a line of its own.
func (c Comment) TooWide() bool { return TooWide(c.Width, c.Text, c.Alone) }

// TooWide is the rule behind Comment.TooWide, for comments of any language.
func TooWide(width int, text string, alone bool) bool {
	words := strings.Fields(strings.TrimLeft(text, "/*#"))
	return width > maxComment && !directive.MatchString(text) && !(alone && len(words) < 2)
}

// directive is a comment that a program reads: //go:build, //nolint, //lint:ignore and the like.
var directive = regexp.MustCompile(`^//(?:[a-z0-9]+:[a-z0-9]|nolint\b|line |export |extern )`)

// Comments finds the comments of a Go file.
func Comments(content []byte) (found []Comment) {
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(content))
	var s scanner.Scanner
	s.Init(file, content, nil, scanner.ScanComments) // the compiler reports what is not Go
	text := strings.Split(string(content), "\n")
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return found
		}
		if tok != token.COMMENT {
			continue
		}
		at := set.PositionFor(pos, false)
		for i, part := range strings.Split(literal, "\n") {
			line := strings.TrimRight(text[at.Line-1+i], "\r")
			found = append(found, Comment{
				Line: at.Line + i, Width: Width(line), Text: strings.TrimSpace(part),
				Alone: i > 0 || strings.TrimSpace(line[:at.Column-1]) == "",
			})
		}
	}
}

// Width is the width of a line in columns: a tab counts for four, any other character for one.
func Width(line string) int {
	return utf8.RuneCountInString(line) + (tabWidth-1)*strings.Count(line, "\t")
}
