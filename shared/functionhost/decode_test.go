package functionhost

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// recording is one line of what the real host sent, under testdata.
type recording struct {
	Case, Event, Method, URI, Body string
	Header                         map[string][]string
}

// recordings reads the requests of a recorded file, with their cases.
func recordings(t testing.TB, file string) []recording {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	require.NoError(t, err)
	defer f.Close()
	var all []recording
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recording
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		if r.Event == "request" {
			all = append(all, r)
		}
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, all)
	return all
}

func TestDecodeQueueReadsWhatTheHostSent(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"plain text": "hello!!",
		"a JSON object: its members pollute Metadata, its id replaces Metadata.Id": `{"a":1,"id":"7","Nested":{"x":[1,2]},"n":null,"list":[1]}`,
		"a number":                               "42",
		"a JSON array":                           "[1,2,3]",
		"a JSON object with non-ASCII text":      `{"t":"üñ世<>&\u0041"}`,
		"base64 text under messageEncoding none": "eyJiNjQiOnRydWV9",
		"dataType binary":                        "eyJhIjoxLCJ0Ijoi5LiWIn0=",
		"qempty, delivery 1":                     `{"a":"empty"}`,
		"qempty, delivery 2":                     `{"a":"empty"}`,
		"qempty, delivery 3":                     `{"a":"empty"}`,
		"qfail, delivery 1":                      `{"a":"fail"}`,
		"qfail, delivery 2":                      `{"a":"fail"}`,
		"qfail, delivery 3":                      `{"a":"fail"}`,
		"qfail-poison, delivery 1":               `{"a":"fail"}`,
		"qtext, delivery 1":                      `{"a":1}`,
		"qtext, delivery 2":                      `{"a":1}`,
		"qtext, delivery 3":                      `{"a":1}`,
		"qlogs, delivery 1":                      `{"a":1}`,
		`POST /admin/functions/qok {"input":"{\"a\":5}"}: no queue, DequeueCount 0`: `{"a":5}`,
	}
	got := map[string]string{}
	for _, r := range recordings(t, "queue.jsonl") {
		text, err := decodeQueue([]byte(r.Body))
		require.NoError(t, err, r.Case)
		got[r.Case] = string(text)
	}
	require.Empty(t, cmp.Diff(want, got))
}

func TestDecodeTimerReadsWhatTheHostSent(t *testing.T) {
	t.Parallel()
	want := map[string]timerInfo{
		"a schedule that fires more than once a minute: ScheduleStatus null": {},
		"first run ever of a minute schedule":                                {Last: "0001-01-01T00:00:00+00:00", Next: "2026-11-22T20:22:00+00:00", LastUpdated: "0001-01-01T00:00:00+00:00"},
		"second run":                                                         {Last: "2026-11-22T20:22:00.0073672+00:00", Next: "2026-11-22T20:23:00+00:00", LastUpdated: "2026-11-22T20:22:00.0073672+00:00"},
		"POST /admin/functions/tick {}: runs at once":                        {Last: "2026-11-22T20:23:00.0000257+00:00", Next: "2026-11-22T20:24:00+00:00", LastUpdated: "2026-11-22T20:23:00.0000257+00:00"},
		"host was down over two firings: past due, at start":                 {PastDue: true, Last: "2026-11-22T20:26:00.001742+00:00", Next: "2026-11-22T20:27:00+00:00", LastUpdated: "2026-11-22T20:26:00.001742+00:00"},
	}
	got := map[string]timerInfo{}
	for _, r := range recordings(t, "timer.jsonl") {
		info, err := decodeTimer([]byte(r.Body))
		require.NoError(t, err, r.Case)
		got[r.Case] = info
	}
	require.Empty(t, cmp.Diff(want, got))
}

func TestDecodeTimerTakesYearOneWithoutAZone(t *testing.T) {
	t.Parallel()
	info, err := decodeTimer([]byte(`{"Data":{"myTimer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":{"Last":"0001-01-01T00:00:00","Next":"2024-11-30T14:45:51+00:00","LastUpdated":"2024-11-30T14:43:50.403838+00:00"},"IsPastDue":true}},"Metadata":{}}`))
	require.NoError(t, err)
	require.Equal(t, "0001-01-01T00:00:00", info.Last)
	require.True(t, info.PastDue)
}

func TestDecodeQueue(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, want, err string }{
		"one layer of text, as older hosts wrote": {body: `{"Data":{"m":"{\"a\":1}"}}`, want: `{"a":1}`},
		"an object":            {body: `{"Data":{"m":{"a":1}}}`, want: `{"a":1}`},
		"an empty message":     {body: `{"Data":{"m":"\"\""}}`, want: ``},
		"Metadata of any kind": {body: `{"Data":{"m":"\"x\""},"Metadata":[1]}`, want: `x`},
		"an empty body":        {body: ``, err: "not JSON at byte 0"},
		"not JSON":             {body: `{"Data":secret}`, err: "not JSON at byte 9"},
		"a second value":       {body: `{"Data":{"m":"\"x\""}} {}`, err: "not JSON at byte 24"},
		"not an object":        {body: `[1]`, err: "not an object"},
		"no Data":              {body: `{"Metadata":{}}`, err: "0 members"},
		"two members of Data":  {body: `{"Data":{"a":"1","b":"2"}}`, err: "2 members"},
		"a number in Data":     {body: `{"Data":{"m":5}}`, err: "neither text nor an object"},
		"a null in Data":       {body: `{"Data":{"m":null}}`, err: "neither text nor an object"},
		"not UTF-8":            {body: "{\"Data\":{\"m\":\"\xff\"}}", err: "not UTF-8"},
		"10,000 levels deep":   {body: `{"Data":{"m":` + strings.Repeat("[", 10001), err: "not JSON at byte"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeQueue([]byte(tc.body))
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				require.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got))
		})
	}
}

func FuzzDecodeQueue(f *testing.F) {
	for _, r := range recordings(f, "queue.jsonl") {
		f.Add([]byte(r.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = decodeQueue(body)
		// Whatever the text, the host's two layers come off again.
		if text := strings.ToValidUTF8(string(body), ""); text != "" {
			inner, err := json.Marshal(text)
			require.NoError(t, err)
			outer, err := json.Marshal(string(inner))
			require.NoError(t, err)
			got, err := decodeQueue([]byte(`{"Data":{"msg":` + string(outer) + `}}`))
			require.NoError(t, err)
			require.Equal(t, text, string(got))
		}
	})
}

func FuzzDecodeTimer(f *testing.F) {
	for _, r := range recordings(f, "timer.jsonl") {
		f.Add([]byte(r.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		info, err := decodeTimer(body)
		if err != nil {
			require.Equal(t, timerInfo{}, info)
		}
	})
}
