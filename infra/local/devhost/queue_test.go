package devhost

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var varying = []*regexp.Regexp{
	regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`),
	regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)`),
	regexp.MustCompile(`"PopReceipt":"\\"[^\\]*\\""`),
	regexp.MustCompile(`^127\.0\.0\.1:\d+$`),
}

// withoutVarying takes ids, times and ports out of a text.
func withoutVarying(text string) string {
	for _, v := range varying {
		text = v.ReplaceAllString(text, "~")
	}
	return text
}

// comparable is a recorded request without ids, times, ports and lengths.
func comparable(r record, rename *strings.Replacer) record {
	r.Case, r.PID, r.Length = "", 0, 0
	r.Body, r.Host, r.URI, r.Path = withoutVarying(rename.Replace(r.Body)), withoutVarying(r.Host), rename.Replace(r.URI), rename.Replace(r.Path)
	header := map[string][]string{}
	for name, values := range r.Header {
		if name == "Content-Length" {
			continue
		}
		for _, v := range values {
			header[name] = append(header[name], withoutVarying(v))
		}
	}
	r.Header = header
	return r
}

func TestQueueRequestsAreTheRecordedOnes(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"qok": queueFunction("qok", ""), "qbin": queueFunction("qbin", `,"dataType":"binary"`), "qlogs": queueFunction("qlogs", "")}})
	recorded := recordings(t, "queue.jsonl")
	for name, sent := range map[string]struct{ queue, text string }{
		"plain text": {"qok", "hello!!"},
		"a JSON object: its members pollute Metadata, its id replaces Metadata.Id": {"qok", `{"a":1,"id":"7","Nested":{"x":[1,2]},"n":null,"list":[1]}`},
		"a number":                               {"qok", "42"},
		"a JSON array":                           {"qok", "[1,2,3]"},
		"a JSON object with non-ASCII text":      {"qok", `{"t":"üñ世<>&\u0041"}`},
		"base64 text under messageEncoding none": {"qok", "eyJiNjQiOnRydWV9"},
		"dataType binary":                        {"qbin", `{"a":1,"t":"世"}`},
		"qlogs, delivery 1":                      {"qlogs", `{"a":1}`},
	} {
		before := len(w.requests("/" + sent.queue))
		w.send(sent.queue, sent.text)
		w.until(name, func() bool { return len(w.requests("/"+sent.queue)) > before })
		got := w.requests("/" + sent.queue)[before]
		require.Empty(t, cmp.Diff(comparable(recorded[name], strings.NewReplacer()), comparable(got, strings.NewReplacer())), name)
		require.EqualValues(t, len(got.Body), got.Length)
		w.until("deleted", func() bool { return w.left(sent.queue) == 0 })
	}
	w.until("Logs are shown", func() bool { return strings.Contains(w.log.String(), "a line of Logs") })
}

func TestAnAdminCallIsTheRecordedOne(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"qok": queueFunction("qok", "")}})
	status, _, body := w.do("POST", "/admin/functions/QOK", strings.NewReader(`{"input":"{\"a\":5}"}`), "Content-Type", "application/json")
	require.Equal(t, http.StatusAccepted, status)
	require.Empty(t, body)
	w.until("runs", func() bool { return len(w.requests("/qok")) == 1 })
	want := recordings(t, "queue.jsonl")[`POST /admin/functions/qok {"input":"{\"a\":5}"}: no queue, DequeueCount 0`]
	require.Empty(t, cmp.Diff(comparable(want, strings.NewReplacer()), comparable(w.requests("/qok")[0], strings.NewReplacer())))
}

// The rows of the table of what the host did with the handler's answer, for queues.
func TestAnswersToQueueMessages(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{
		"qfail": queueFunction("qfail", ""), "qfail-poison": queueFunction("qfail-poison", ""), "qtext": queueFunction("qtext", ""),
	}})
	w.send("qfail", `{"a":"fail"}`)
	w.send("qtext", `{"a":1}`)
	w.until("both are in poison", func() bool { return len(w.requests("/qfail-poison")) == 1 && w.left("qtext-poison") == 1 })
	w.until("gone", func() bool { return w.left("qfail") == 0 && w.left("qtext") == 0 && w.left("qfail-poison") == 0 })
	recorded := recordings(t, "queue.jsonl")
	for _, fn := range []string{"qfail", "qtext"} {
		got := w.requests("/" + fn)
		require.Len(t, got, 3)
		for i, r := range got {
			want := recorded[fmt.Sprintf("%s, delivery %d", fn, i+1)]
			require.Empty(t, cmp.Diff(comparable(want, strings.NewReplacer()), comparable(r, strings.NewReplacer())))
		}
	}
	poison := w.requests("/qfail-poison")[0]
	require.Empty(t, cmp.Diff(comparable(recorded["qfail-poison, delivery 1"], strings.NewReplacer()), comparable(poison, strings.NewReplacer())))
	require.NotEqual(t, between(w.requests("/qfail")[0].Body, `"Id":"`, `",`), between(poison.Body, `"Id":"`, `",`), "it is a new message")
	require.Contains(t, w.log.String(), "500 (Internal Server Error)")
	require.Contains(t, w.log.String(), `content type \"text/plain\" is not JSON`)
	times := w.requests("/qfail")
	require.Greater(t, visibleAt(t, times[1]).Sub(visibleAt(t, times[0])), 900*time.Millisecond, "visibilityTimeout passes between deliveries")
}

func visibleAt(t *testing.T, r record) time.Time {
	t.Helper()
	return moment(t, parsed(t, r.Body).Metadata.Sys.UtcNow)
}

// An empty 200 is reported at once and fails after functionTimeout. Then the process is killed
// and started anew, and the message is delivered again.
func TestAnEmptyAnswerCostsTheProcess(t *testing.T) {
	t.Parallel()
	w := run(t, setup{
		host:      `"functionTimeout":"00:00:01","extensions":{"queues":{"messageEncoding":"none","maxDequeueCount":2,"visibilityTimeout":"00:00:01","maxPollingInterval":"00:00:00.2"}}`,
		functions: map[string]string{"qempty": queueFunction("qempty", "")},
	})
	begun := time.Now()
	w.send("qempty", `{"a":"empty"}`)
	w.until("said at once", func() bool { return strings.Contains(w.log.String(), "2xx with an empty body") })
	require.NotContains(t, w.log.String(), "Timeout value was exceeded")
	w.until("a new process", func() bool { return len(w.starts()) == 2 })
	require.Greater(t, time.Since(begun), time.Second)
	w.until("redelivered to it", func() bool { r := w.requests("/qempty"); return len(r) == 2 && r[1].PID == w.starts()[1].PID })
	w.until("poison at last", func() bool { return w.left("qempty-poison") == 1 })
	w.until("the kills are no crashes", func() bool { return len(w.starts()) == 3 })
	require.NotContains(t, w.log.String(), "The handler exited.")
	recorded := recordings(t, "queue.jsonl")
	require.Empty(t, cmp.Diff(comparable(recorded["qempty, delivery 2"], strings.NewReplacer()), comparable(w.requests("/qempty")[1], strings.NewReplacer())))
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status            int
		contentType, body string
		want              string // of the error; "" is success
	}{
		"an empty object":             {200, "application/json", `{}`, ""},
		"text/json":                   {200, "text/json; charset=utf-8", `{"x":1}`, ""},
		"201 with an object":          {201, "application/json", `{"Outputs":{},"Logs":[],"ReturnValue":null}`, ""},
		"204":                         {204, "", ``, "empty answer"},
		"200 without a body":          {200, "application/json", ``, "empty answer"},
		"null":                        {200, "application/json", ` null `, "empty answer"},
		"plain text":                  {200, "text/plain", `{}`, "is not JSON"},
		"no content type":             {200, "", `{}`, "is not JSON"},
		"an array":                    {200, "application/json", `[]`, "not a JSON object"},
		"broken JSON":                 {200, "application/json", `{`, "not a JSON object"},
		"Logs that are no list":       {200, "application/json", `{"Logs":1}`, "not a JSON object"},
		"a redirect":                  {302, "", ``, "302 (Found)"},
		"500 with an object":          {500, "application/json", `{}`, "500 (Internal Server Error)"},
		"404 of an unknown function":  {404, "text/plain", `404`, "404 (Not Found)"},
		"a problem as content type":   {200, "application/problem+json", `{}`, "is not JSON"},
		"an unreadable content type":  {200, ";", `{}`, "is not JSON"},
		"a body of white space alone": {200, "application/json", ` `, "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := judge(tc.status, tc.contentType, []byte(tc.body))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestAMessageOutlivesItsHandler(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"qslow": queueFunction("qslow", "")}})
	w.send("qslow", "x")
	w.until("in flight", func() bool { ws := w.workers(); return len(ws[0].Invocations) == 1 && len(w.requests("/qslow")) == 1 })
	at := w.workers()[0]
	require.Equal(t, "qslow", at.Invocations[0].Function)
	require.Equal(t, w.requests("/qslow")[0].PID, at.PID)
	require.Equal(t, w.requests("/qslow")[0].Header["X-Azure-Functions-Invocationid"], []string{at.Invocations[0].ID})
	w.kill(at.PID)
	w.until("redelivered", func() bool { r := w.requests("/qslow"); return len(r) == 2 && r[1].PID != at.PID })
	require.Contains(t, w.requests("/qslow")[1].Body, `"DequeueCount":"2"`)
	require.NotEqual(t, at.PID, w.workers()[0].PID)
}

// A handler that dies counts no failure itself, so the dequeue count has to end it.
func TestAMessageThatKillsEndsInPoison(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"qexit": queueFunction("qexit", "")}, restart: true})
	w.send("qexit", "x")
	w.until("poison", func() bool { return w.left("qexit-poison") == 1 && w.left("qexit") == 0 })
	require.Len(t, w.requests("/qexit"), 3)
}

func TestALongRunKeepsItsMessage(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"qslow": queueFunction("qslow", "")}, tune: func(t *tuning) { t.messageLease = 2 * time.Second }})
	w.send("qslow", "x")
	w.until("in flight", func() bool { return len(w.requests("/qslow")) == 1 })
	// Nothing may happen when the lease has ended that it was received with. The test waits for
	// two polls after that.
	over := visibleAt(t, w.requests("/qslow")[0]).Add(2*time.Second + 400*time.Millisecond)
	w.until("the lease would be over", func() bool { return time.Now().After(over) })
	require.Len(t, w.requests("/qslow"), 1)
	require.Zero(t, w.visible("qslow"))
	w.kill(w.workers()[0].PID)
	w.until("the renewed receipt releases it", func() bool { return len(w.requests("/qslow")) == 2 })
}

func TestAMessageOfAPoisonQueueStaysForItsLease(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"qfail": queueFunction("x-poison", "")}, tune: func(t *tuning) { t.messageLease = 2 * time.Second }})
	w.send("x-poison", "x")
	w.until("four deliveries, more than maxDequeueCount", func() bool { return len(w.requests("/qfail")) == 4 })
	require.Equal(t, 1, w.left("x-poison"))
	r := w.requests("/qfail")
	require.Greater(t, visibleAt(t, r[1]).Sub(visibleAt(t, r[0])), 1500*time.Millisecond)
}

// Two hosts on one storage: every message is delivered once, and both take part.
func TestTwoHostsShareTheQueue(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"qok": queueFunction("qok", "")}, workers: 2})
	var texts []string
	for i := range 200 {
		texts = append(texts, fmt.Sprintf("m%d", i))
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { w.send("qok", texts[i*50:(i+1)*50]...) })
	}
	wg.Wait()
	w.until("all are done", func() bool { return w.left("qok") == 0 })
	seen, pids := map[string]int{}, map[int]bool{}
	for _, r := range w.requests("/qok") {
		var e struct{ Data struct{ Msg string } }
		require.NoError(t, json.Unmarshal([]byte(r.Body), &e))
		seen[e.Data.Msg]++
		pids[r.PID] = true
	}
	require.Len(t, seen, 200)
	for text, n := range seen {
		require.Equal(t, 1, n, text)
	}
	require.Len(t, pids, 2)
	require.Len(t, w.workers(), 2)
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	b := backoff{most: time.Second}
	previous := time.Duration(0)
	for range 10 {
		d := b.next()
		require.GreaterOrEqual(t, d, 180*time.Millisecond)
		require.GreaterOrEqual(t, d, previous)
		previous = d
	}
	require.Equal(t, time.Second, previous)
	b.reset()
	require.Less(t, b.next(), 221*time.Millisecond)
}
