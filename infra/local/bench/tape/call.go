// Package tape records the storage calls of a run in front of Azurite, and plays them again
// without the product.
package tape

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
)

// Call is one storage call as a proxy saw it, and what the service answered.
type Call struct {
	calls.Call

	Service  string // as package calls names them
	Method   string
	URI      string // path and query
	Header   http.Header
	Body     []byte
	Host     bool // made by the host, not by a handler
	Status   int  // of the answer
	Returned int  // rows in the answer
	Messages []message
	Began    time.Duration // since the recording began
	Ended    time.Duration
}

// message is a message of a queue that an answer names.
type message struct {
	ID      string `xml:"MessageId"`
	Receipt string `xml:"PopReceipt"`
	Text    string `xml:"MessageText"`
}

// messagesIn reads the messages of an answer. The answer to a send names no text.
func messagesIn(answer []byte, sent string) []message {
	var list struct {
		Messages []message `xml:"QueueMessage"`
	}
	if xml.Unmarshal(bytes.TrimPrefix(answer, []byte("\xef\xbb\xbf")), &list) != nil {
		return nil
	}
	for i := range list.Messages {
		if list.Messages[i].Text == "" {
			list.Messages[i].Text = sent
		}
	}
	return list.Messages
}

// messageID is the id of the message that a call deletes.
func (c Call) messageID() string {
	path, _, _ := strings.Cut(c.URI, "?")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// UnderWay is how many calls were under way at a time, on average over the time in which any was.
func UnderWay(cs []Call) float64 {
	if len(cs) == 0 {
		return 0
	}
	var sum, busy, until time.Duration
	for _, c := range slices.SortedFunc(slices.Values(cs), earlier) {
		sum += c.Ended - c.Began
		busy += max(0, c.Ended-max(until, c.Began))
		until = max(until, c.Ended)
	}
	return sum.Seconds() / max(busy.Seconds(), 1e-9)
}

func earlier(a, b Call) int { return int(a.Began - b.Began) }
