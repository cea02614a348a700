package store_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

const (
	tenantID  = "11111111-1111-1111-1111-111111111111"
	requestID = "22222222-2222-2222-2222-222222222222"
)

func TestMessagesGoRound(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	shard := 7
	sent := []store.Message{
		{Tenant: tenantID, Request: requestID, Task: "entra-access"},
		{Tenant: tenantID, Request: requestID},
		{Tenant: tenantID, Bulk: requestID},
		{Tenant: tenantID, Shard: &shard},
	}
	for _, m := range sent {
		require.NoError(t, w.Store.Send(bg, store.QueueWork, m))
	}
	n, err := w.Store.QueueLength(bg, store.QueueWork)
	require.NoError(t, err)
	require.EqualValues(t, len(sent), n)
	q := w.Clients.Queues.NewQueueClient(w.Prefix + store.QueueWork)
	for _, want := range sent {
		got, err := q.DequeueMessage(bg, nil)
		require.NoError(t, err)
		require.Len(t, got.Messages, 1)
		m, err := store.DecodeMessage([]byte(*got.Messages[0].MessageText))
		require.NoError(t, err)
		require.Equal(t, want, m)
	}
	_, err = w.Store.QueueLength(bg, "no-such")
	require.Error(t, err)
}

func TestDecodeMessage(t *testing.T) {
	t.Parallel()
	good := `{"t":"` + tenantID + `","r":"` + requestID + `","k":"entra-access"}`
	for _, s := range []string{good, " " + good + "\n", base64.StdEncoding.EncodeToString([]byte(good))} {
		m, err := store.DecodeMessage([]byte(s))
		require.NoError(t, err)
		require.Equal(t, store.Message{Tenant: tenantID, Request: requestID, Task: "entra-access"}, m)
	}
	for name, s := range map[string]string{
		"empty":              "",
		"not JSON":           "hello",
		"array":              "[]",
		"null":               "null",
		"nothing to do":      `{"t":"` + tenantID + `"}`,
		"no tenant":          `{"r":"` + requestID + `"}`,
		"tenant with a bar":  `{"t":"a|b","r":"` + requestID + `"}`,
		"request is no id":   `{"t":"` + tenantID + `","r":"x"}`,
		"two things":         `{"t":"` + tenantID + `","r":"` + requestID + `","b":"` + requestID + `"}`,
		"task alone":         `{"t":"` + tenantID + `","k":"x","s":1}`,
		"task with a slash":  `{"t":"` + tenantID + `","r":"` + requestID + `","k":"a/b"}`,
		"shard out of range": `{"t":"` + tenantID + `","s":8}`,
		"shard below":        `{"t":"` + tenantID + `","s":-1}`,
		"unknown member":     `{"t":"` + tenantID + `","s":1,"x":1}`,
		"other case":         `{"T":"` + tenantID + `","s":1}`,
		"twice":              `{"t":"` + tenantID + `","t":"` + tenantID + `","s":1}`,
		"something after":    good + "{}",
		"invalid UTF-8":      "{\"t\":\"\xff\",\"s\":1}",
		"too long":           `{"t":"` + string(make([]byte, 5000)) + `"}`,
	} {
		_, err := store.DecodeMessage([]byte(s))
		require.ErrorIs(t, err, store.ErrMessage, name)
	}
}

func FuzzDecodeMessage(f *testing.F) {
	f.Add([]byte(`{"t":"` + tenantID + `","r":"` + requestID + `","k":"entra-access"}`))
	f.Add([]byte(`{"t":"` + tenantID + `","s":3}`))
	f.Add([]byte("eyJ0IjoiIn0="))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := store.DecodeMessage(b)
		if err != nil {
			require.ErrorIs(t, err, store.ErrMessage)
			return
		}
		require.NotEmpty(t, m.Tenant)
	})
}
