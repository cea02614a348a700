package devhost

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recordings are the requests of a recorded file, by case.
func recordings(t testing.TB, file string) map[string]record {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	out := map[string]record{}
	for _, r := range parseRecords(t, b) {
		if r.Event == "request" {
			out[r.Case] = r
		}
	}
	require.NotEmpty(t, out)
	return out
}

var randGUID = regexp.MustCompile(`"RandGuid":"[0-9a-f-]{36}"`)

// sameBytes compares two bodies byte by byte, but for their random GUIDs.
func sameBytes(t *testing.T, want string, got []byte) {
	t.Helper()
	require.Regexp(t, randGUID, string(got))
	require.Equal(t, randGUID.ReplaceAllString(want, ""), randGUID.ReplaceAllString(string(got), ""))
}

type sentEnvelope struct {
	Data     map[string]json.RawMessage
	Metadata struct {
		DequeueCount, ExpirationTime, InsertionTime, NextVisibleTime, PopReceipt string
		Sys                                                                      struct{ MethodName, UtcNow string }
	}
}

func parsed(t *testing.T, body string) sentEnvelope {
	t.Helper()
	var e sentEnvelope
	require.NoError(t, json.Unmarshal([]byte(body), &e))
	return e
}

func TestQueueEnvelopesAreTheRecordedBytes(t *testing.T) {
	t.Parallel()
	// A message with an id of its own has replaced that in Metadata. Here its id stands for both.
	for name, r := range recordings(t, "queue.jsonl") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := parsed(t, r.Body)
			fn := function{name: strings.TrimPrefix(r.Path, "/"), binding: "msg"}
			m := message{id: between(r.Body, `"Id":"\"`, `\"`), popReceipt: unquote(t, e.Metadata.PopReceipt), admin: strings.HasPrefix(name, "POST /admin")}
			var err error
			m.dequeueCount, err = strconv.ParseInt(e.Metadata.DequeueCount, 10, 64)
			require.NoError(t, err)
			m.inserted, m.expires, m.nextTime = moment(t, e.Metadata.InsertionTime), moment(t, e.Metadata.ExpirationTime), moment(t, e.Metadata.NextVisibleTime)
			var text string
			require.NoError(t, json.Unmarshal(e.Data["msg"], &text))
			if name == "dataType binary" {
				fn.binary = true
				m.text = `{"a":1,"t":"世"}`
			} else {
				m.text = unquote(t, text)
			}
			now := moment(t, e.Metadata.Sys.UtcNow)
			if m.admin {
				made := adminMessage(m.text, m.inserted)
				require.Equal(t, m.expires, made.expires)
				require.Equal(t, m.nextTime, made.nextTime)
				m = made
			}
			sameBytes(t, r.Body, queueEnvelope(fn, m, now))
		})
	}
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	var out string
	if s != "" {
		require.NoError(t, json.Unmarshal([]byte(s), &out))
	}
	return out
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return at.UTC()
}

func TestTimerEnvelopesAreTheRecordedBytes(t *testing.T) {
	t.Parallel()
	for name, r := range recordings(t, "timer.jsonl") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := parsed(t, r.Body)
			var sent struct {
				ScheduleStatus *timerStatus
				IsPastDue      bool
			}
			require.NoError(t, json.Unmarshal(e.Data["timer"], &sent))
			fn := function{name: strings.TrimPrefix(r.Path, "/"), binding: "timer"}
			sameBytes(t, r.Body, timerEnvelope(fn, sent.ScheduleStatus, sent.IsPastDue, moment(t, e.Metadata.Sys.UtcNow)))
		})
	}
}

func TestAMessageWritesIntoMetadata(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"a name in another case":   {`{"DEQUEUECOUNT":9}`, `{"DequeueCount":"\"9\""}`},
		"the same name twice":      {`{"a":1,"b":2,"a":3}`, `{"DequeueCount":"1","a":"\"3\"","b":"\"2\""}`},
		"an object with blanks":    {" { \"o\" : { \"x\" : [ 1 , { } ] , \"n\" : null } } ", `{"DequeueCount":"1","o":{"x":[1,{}],"n":null}}`},
		"a line separator":         {"{\"a\":\"\\u2028\u2028\"}", `{"DequeueCount":"1","a":"\"\\u2028\\u2028\""}`},
		"an array":                 {`[{"a":1}]`, `{"DequeueCount":"1"}`},
		"braces that are not JSON": {`{a}`, `{"DequeueCount":"1"}`},
		"two objects":              {`{"a":1}{"b":1}`, `{"DequeueCount":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, members{{"DequeueCount", `"1"`}}.setFrom(tc.text).String())
		})
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, text := range []string{"hello!!", `{"a":1,"id":"7","Nested":{"x":[1,2]},"n":null,"list":[1]}`, "\x00\u0085\"\\", "{\"a\":"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		body := queueEnvelope(function{name: "q", binding: "msg"}, message{text: text}, time.Unix(0, 0))
		var e struct {
			Data     struct{ Msg string }
			Metadata map[string]any
		}
		require.NoError(t, json.Unmarshal(body, &e), "%s", body)
		var got string
		require.NoError(t, json.Unmarshal([]byte(e.Data.Msg), &got))
		require.Equal(t, text, got)
	})
}
