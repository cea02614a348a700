package devhost

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Times as the host writes them. .NET drops zeros at the end of a fraction of a second.
const (
	queueTime = "2006-01-02T15:04:05+00:00"
	timerTime = "2006-01-02T15:04:05.9999999+00:00"
	utcNow    = "2006-01-02T15:04:05.9999999Z"
	yearOne   = "0001-01-01T00:00:00"
)

// message is one delivery of a queue message, or what an admin call makes up.
type message struct {
	id, popReceipt              string
	text                        string
	dequeueCount                int64
	inserted, expires, nextTime time.Time
	admin                       bool
}

// queueEnvelope is the body for a queueTrigger.
func queueEnvelope(fn function, m message, now time.Time) []byte {
	data := twice(m.text)
	if fn.binary {
		data = quote(base64.StdEncoding.EncodeToString([]byte(m.text)))
	}
	meta := members{
		{"DequeueCount", quote(strconv.FormatInt(m.dequeueCount, 10))},
		{"ExpirationTime", quote(m.expires.UTC().Format(queueTime))},
		{"Id", twice(m.id)},
		{"InsertionTime", quote(m.inserted.UTC().Format(queueTime))},
		{"NextVisibleTime", quote(m.nextTime.UTC().Format(queueTime))},
		{"PopReceipt", twice(m.popReceipt)},
	}
	if m.admin {
		// No message lies in a queue, so there is no id and no receipt. The text comes twice.
		meta = append(members{}, meta[0], meta[1], meta[3], meta[4], member{fn.binding, twice(m.text)})
	}
	meta = append(meta, sys(fn.name, now))
	if !fn.binary {
		meta = meta.setFrom(m.text)
	}
	return envelope(fn.binding, data, meta)
}

// timerStatus is what the host keeps about a timer, in the blob's form. Times stay text,
// because they are passed on as they are stored.
type timerStatus struct {
	Last, Next, LastUpdated string
}

func (s timerStatus) String() string {
	return members{{"Last", quote(s.Last)}, {"Next", quote(s.Next)}, {"LastUpdated", quote(s.LastUpdated)}}.String()
}

// timerEnvelope is the body for a timerTrigger. Status is nil where none is kept.
func timerEnvelope(fn function, status *timerStatus, pastDue bool, now time.Time) []byte {
	stored := "null"
	if status != nil {
		stored = status.String()
	}
	data := members{{"Schedule", `{"AdjustForDST":true}`}, {"ScheduleStatus", stored}, {"IsPastDue", strconv.FormatBool(pastDue)}}
	return envelope(fn.binding, data.String(), members{sys(fn.name, now)})
}

func envelope(binding, data string, meta members) []byte {
	return []byte(members{{"Data", members{{binding, data}}.String()}, {"Metadata", meta.String()}}.String())
}

func sys(function string, now time.Time) member {
	return member{"sys", members{
		{"MethodName", quote(function)},
		{"UtcNow", quote(now.UTC().Format(utcNow))},
		{"RandGuid", quote(uuid.NewString())},
	}.String()}
}

// adminMessage is what POST /admin/functions/{name} makes of its input.
func adminMessage(text string, now time.Time) message {
	never := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	return message{admin: true, text: strings.ToValidUTF8(text, "\uFFFD"), inserted: now, expires: never, nextTime: never}
}
