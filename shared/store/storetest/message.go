package storetest

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"
	"github.com/stretchr/testify/require"
)

// DeleteMessage deletes a message that a test has received. It may be gone: the client repeats a
// delete that the store has done but not answered in time.
func DeleteMessage(t testing.TB, q *azqueue.QueueClient, m *azqueue.DequeuedMessage) {
	t.Helper()
	if _, err := q.DeleteMessage(t.Context(), *m.MessageID, *m.PopReceipt, nil); !queueerror.HasCode(err, queueerror.MessageNotFound) {
		require.NoError(t, err)
	}
}
