package queue_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

const (
	tenantID  = "11111111-1111-1111-1111-111111111111"
	requestID = "22222222-2222-2222-2222-222222222222"
)

func TestMessagesArriveAsTheyWereSent(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	shard := 7
	sent := []queue.Message{
		{Tenant: tenantID, Request: requestID, Task: "entra-access"},
		{Tenant: tenantID, Request: requestID},
		{Tenant: tenantID, Bulk: requestID},
		{Tenant: tenantID, Shard: &shard, Due: 1},
	}
	for _, m := range sent {
		require.NoError(t, w.Store.Queues.Send(t.Context(), queue.Work, m))
	}
	n, err := w.Store.Queues.Length(t.Context(), queue.Work)
	require.NoError(t, err)
	require.EqualValues(t, len(sent), n)
	q := w.Clients.Queues.NewQueueClient(w.Prefix + queue.Work)
	for _, want := range sent {
		got, err := q.DequeueMessage(t.Context(), nil)
		require.NoError(t, err)
		require.Len(t, got.Messages, 1)
		m, err := queue.DecodeMessage([]byte(*got.Messages[0].MessageText))
		require.NoError(t, err)
		require.Equal(t, want, m)
		lives := got.Messages[0].ExpirationTime.Sub(*got.Messages[0].InsertionTime)
		require.Equal(t, retention.KeepMessage, lives.Round(time.Minute), "as the retention table says")
	}
	_, err = w.Store.Queues.Length(t.Context(), "no-such")
	require.Error(t, err)
}

func TestDecodeMessage(t *testing.T) {
	t.Parallel()
	good := `{"t":"` + tenantID + `","r":"` + requestID + `","k":"entra-access"}`
	for _, s := range []string{good, " " + good + "\n", base64.StdEncoding.EncodeToString([]byte(good))} {
		m, err := queue.DecodeMessage([]byte(s))
		require.NoError(t, err)
		require.Equal(t, queue.Message{Tenant: tenantID, Request: requestID, Task: "entra-access"}, m)
	}
	for name, s := range map[string]string{
		"empty":              "",
		"not JSON":           "hello",
		"array":              "[]",
		"null":               "null",
		"nothing to do":      `{"t":"` + tenantID + `"}`,
		"no tenant":          `{"r":"` + requestID + `"}`,
		"tenant with a bar":  `{"t":"a|b","r":"` + requestID + `"}`,
		"request without id": `{"t":"` + tenantID + `","r":"x"}`,
		"two things":         `{"t":"` + tenantID + `","r":"` + requestID + `","b":"` + requestID + `"}`,
		"task alone":         `{"t":"` + tenantID + `","k":"x","s":1,"d":1}`,
		"task with a slash":  `{"t":"` + tenantID + `","r":"` + requestID + `","k":"a/b"}`,
		"shard out of range": `{"t":"` + tenantID + `","s":64,"d":1}`,
		"shard below":        `{"t":"` + tenantID + `","s":-1,"d":1}`,
		"shard at no time":   `{"t":"` + tenantID + `","s":1}`,
		"a time alone":       `{"t":"` + tenantID + `","d":1}`,
		"unknown member":     `{"t":"` + tenantID + `","s":1,"d":1,"x":1}`,
		"other case":         `{"T":"` + tenantID + `","s":1,"d":1}`,
		"twice":              `{"t":"` + tenantID + `","t":"` + tenantID + `","s":1}`,
		"something after":    good + "{}",
		"invalid UTF-8":      "{\"t\":\"\xff\",\"s\":1}",
		"too long":           `{"t":"` + string(make([]byte, 5000)) + `"}`,
	} {
		_, err := queue.DecodeMessage([]byte(s))
		require.ErrorIs(t, err, queue.ErrMessage, name)
	}
}

func TestAHiddenMessageIsDeliveredUnlessItIsDeleted(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	q := w.Clients.Queues.NewQueueClient(w.Prefix + queue.Work)
	m := queue.Message{Tenant: tenantID, Request: requestID, Task: "entra-discover"}
	receipt, err := w.Store.Queues.SendHidden(t.Context(), queue.Work, m, time.Hour)
	require.NoError(t, err)
	got, err := q.DequeueMessage(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, got.Messages)
	require.NoError(t, w.Store.Queues.Delete(t.Context(), receipt))
	n, err := w.Store.Queues.Length(t.Context(), queue.Work)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, w.Store.Queues.Delete(t.Context(), receipt), "it is gone")
	require.NoError(t, w.Store.Queues.Delete(t.Context(), queue.Receipt{}))

	receipt, err = w.Store.Queues.SendHidden(t.Context(), queue.Work, m, 0)
	require.NoError(t, err)
	got, err = q.DequeueMessage(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, got.Messages, 1)
	require.NoError(t, w.Store.Queues.Delete(t.Context(), receipt), "somebody has received it")
	n, err = w.Store.Queues.Length(t.Context(), queue.Work)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func FuzzDecodeMessage(f *testing.F) {
	f.Add([]byte(`{"t":"` + tenantID + `","r":"` + requestID + `","k":"entra-access"}`))
	f.Add([]byte(`{"t":"` + tenantID + `","s":3,"d":1}`))
	f.Add([]byte("eyJ0IjoiIn0="))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := queue.DecodeMessage(b)
		if err != nil {
			require.ErrorIs(t, err, queue.ErrMessage)
			return
		}
		require.NotEmpty(t, m.Tenant)
	})
}
