package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

// recorded is the body of a recorded request of the Functions host.
func recorded(t *testing.T, file, kind string) map[string]any {
	t.Helper()
	f, err := os.Open("../functionhost/testdata/" + file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		var r struct{ Case, Body string }
		require.NoError(t, json.Unmarshal(s.Bytes(), &r))
		if r.Case == kind {
			var body map[string]any
			require.NoError(t, json.Unmarshal([]byte(r.Body), &body))
			return body
		}
	}
	require.Fail(t, "not recorded", kind)
	return nil
}

// twice returns a text as the host writes it: as JSON in a JSON string.
func twice(t *testing.T, text string) string {
	t.Helper()
	var once bytes.Buffer
	enc := json.NewEncoder(&once)
	enc.SetEscapeHTML(false)
	require.NoError(t, enc.Encode(text))
	return string(bytes.TrimSuffix(once.Bytes(), []byte("\n")))
}

// queueEnvelope is a recorded envelope with the message's text in it. As in the host, the
// members of a JSON message overwrite those of Metadata.
func queueEnvelope(t *testing.T, text string) []byte {
	t.Helper()
	body := recorded(t, "queue.jsonl", "plain text")
	body["Data"] = map[string]any{"msg": twice(t, text)}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) == nil {
		meta := body["Metadata"].(map[string]any)
		for name, v := range members {
			meta[name] = v
		}
	}
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	return raw
}

// deliver posts a message to a function as the host does. The status that it returns decides
// whether the message comes back.
func (w *world) deliver(function, text string) int {
	w.t.Helper()
	return w.invoke(function, queueEnvelope(w.t, text))
}

// timer fires a timer and returns the status.
func (w *world) timer(function string) int {
	w.t.Helper()
	body, err := json.Marshal(recorded(w.t, "timer.jsonl", "second run"))
	require.NoError(w.t, err)
	return w.invoke(function, body)
}

func (w *world) invoke(function string, body []byte) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.host.URL+"/"+function, bytes.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Azure-Functions-Host/4.1045.200.25556")
	req.Header.Set("X-Azure-Functions-InvocationId", uuid.NewString())
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, "application/json", res.Header.Get("Content-Type"))
	var object map[string]any
	require.NoError(w.t, json.Unmarshal(b, &object))
	require.NotEmpty(w.t, object, "an empty object hangs the host")
	w.tap.saw("answer of a job", string(b))
	return res.StatusCode
}

// functionOf pairs each queue with the function that it triggers, in the order in which the
// tests drain them.
var functionOf = []struct{ queue, function string }{
	{queue.Bulk, "bulk"},
	{queue.Work, "work"},
	{queue.Fulfil, "fulfil"},
	{queue.Bulk + "-poison", "bulk-poison"},
	{queue.Work + "-poison", "work-poison"},
	{queue.Fulfil + "-poison", "fulfil-poison"},
}

// pump delivers messages until the queues are empty. No delivery may fail.
func (w *world) pump() {
	w.t.Helper()
	for delivered := 1; delivered > 0; {
		delivered = 0
		for _, f := range functionOf {
			delivered += w.drain(f.queue, f.function)
		}
	}
}

func (w *world) drain(queue, function string) int {
	w.t.Helper()
	return w.drainEach(queue, function, func() {})
}

// drainEach is drain with something to be done after each message.
func (w *world) drainEach(queue, function string, after func()) int {
	w.t.Helper()
	q := w.clients.Queues.NewQueueClient(w.prefix + queue)
	got, err := q.DequeueMessages(w.t.Context(), &azqueue.DequeueMessagesOptions{
		NumberOfMessages: to.Ptr(int32(32)), VisibilityTimeout: to.Ptr(int32(600)),
	})
	require.NoError(w.t, err)
	for _, m := range got.Messages {
		require.Equal(w.t, http.StatusOK, w.deliver(function, *m.MessageText), "a delivery to %s failed", function)
		storetest.DeleteMessage(w.t, q, m)
		after()
	}
	return len(got.Messages)
}

// put puts a producer's message on a queue.
func (w *world) put(queue, text string) {
	w.t.Helper()
	_, err := w.clients.Queues.NewQueueClient(w.prefix+queue).EnqueueMessage(w.t.Context(), text, nil)
	require.NoError(w.t, err)
}

// upload puts a producer's blob into a container that producers may write to.
func (w *world) upload(container, name, body string) {
	w.t.Helper()
	_, err := w.clients.Blobs.NewContainerClient(w.prefix+container).NewBlockBlobClient(name).UploadBuffer(w.t.Context(), []byte(body), nil)
	require.NoError(w.t, err)
}
