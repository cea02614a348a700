package tape

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
)

const (
	ofTenant = "11111111-1111-1111-1111-111111111111"
	first    = "aaaaaaaa-0000-0000-0000-000000000001"
	second   = "aaaaaaaa-0000-0000-0000-000000000002"
	ofKey    = "2026030209-0123456789abcdef0123456789abcdef"
)

func TestIDsBecomeOthersAndStayTheSameLength(t *testing.T) {
	t.Parallel()
	f := Fresh{Run: "x", Tenants: []string{ofTenant}}
	text := "PartitionKey='" + ofTenant + "%7C" + first + "',key " + ofKey
	other := f.Text(text)
	require.Len(t, other, len(text))
	require.Contains(t, other, ofTenant+"%7C")
	require.Contains(t, other, "key 2026030209-")
	require.NotContains(t, other, first)
	require.NotContains(t, other, ofKey)
	require.Equal(t, other, f.Text(text))
	require.NotEqual(t, other, Fresh{Run: "y", Tenants: f.Tenants}.Text(text))
	require.Equal(t, []string{first, ofKey[11:]}, f.in([]byte(text)))
}

// at is a call that takes a second from n on.
func at(n int, op calls.Op, target, body string, messages ...message) Call {
	began := time.Duration(n) * time.Second
	service := calls.Tables
	if op == calls.Receive || op == calls.Done || op == calls.Message {
		service = calls.Queues
	}
	c := calls.Call{Op: op, Target: target, Text: body}
	if op == calls.Change {
		c.Rows = []calls.Row{{Entity: []byte(body)}}
	}
	return Call{Call: c, Service: service, URI: "/account/" + target, Body: []byte(body), Began: began, Ended: began + time.Second, Messages: messages}
}

func TestLanesHoldTheCallsOfOneRequestInTheirOrder(t *testing.T) {
	t.Parallel()
	m := message{ID: "cccccccc-0000-0000-0000-000000000001", Text: `{"r":"` + first + `"}`}
	gone := at(8, calls.Done, "dsr-work", "")
	gone.URI += "/messages/" + m.ID + "?popreceipt=x"
	all := []Call{
		at(0, calls.Receive, "dsr-work", ""),
		at(1, calls.Insert, "keys", ofKey),
		at(2, calls.Change, "requests", ofTenant+"|"+first+" key "+ofKey),
		at(3, calls.Change, "requests", ofTenant+"|"+second),
		at(4, calls.Message, "dsr-work", m.Text, m),
		at(5, calls.Receive, "dsr-work", "", m),
		at(6, calls.Change, "lists", "s|completed|"+second),
		at(7, calls.Change, "lists", "s|completed|"+first),
		gone,
	}
	var got [][]int
	for _, lane := range Lanes(all, ofTenant) {
		var order []int
		for _, c := range lane {
			order = append(order, int(c.Began/time.Second))
		}
		got = append(got, order)
	}
	require.Equal(t, [][]int{{0}, {1, 2, 4, 5, 7, 8}, {3, 6}}, got)
}

func TestUnderWayIsTheMeanOfTheTimeInWhichAnythingIs(t *testing.T) {
	t.Parallel()
	require.Zero(t, UnderWay(nil))
	require.InDelta(t, 1, UnderWay([]Call{at(0, calls.Get, "", ""), at(9, calls.Get, "", "")}), 1e-6)
	require.InDelta(t, 1.5, UnderWay([]Call{at(0, calls.Get, "", ""), at(0, calls.Get, "", ""), at(1, calls.Get, "", "")}), 1e-6)
}

func TestWhatIsRecordedCanBePlayedAgain(t *testing.T) {
	t.Parallel()
	storage, prefix := azurite.Shared(t), azurite.Prefix(t)
	direct, err := account.ConnectString(storage.ConnectionString, account.ClientOptions(nil))
	require.NoError(t, err)
	w := work{t, prefix}
	w.setUp(direct)
	recorder, err := Record(storage.Endpoints)
	require.NoError(t, err)
	defer recorder.Close()
	through, err := account.ConnectString(recorder.Connection, account.ClientOptions(nil))
	require.NoError(t, err)
	w.do(through)
	kept, err := recorder.Take()
	require.NoError(t, err)
	var ops []calls.Op
	for _, c := range kept {
		require.False(t, c.Host)
		ops = append(ops, c.Op)
	}
	require.Equal(t, []calls.Op{
		calls.Change, calls.Get, calls.Change, calls.Query, calls.Replace, calls.Put, calls.Download, calls.Remove, calls.Message, calls.Message, calls.Receive, calls.Done,
	}, ops)
	require.Equal(t, []int{1, 2}, []int{kept[1].Returned, kept[3].Returned})

	ids := Fresh{Run: "again", Tenants: []string{ofTenant}}
	player, err := NewPlayer(storage.Endpoints, ids)
	require.NoError(t, err)
	played, err := player.Play(t.Context(), []Lane{kept}, 2)
	require.NoError(t, err)
	require.Equal(t, Played{Calls: len(kept), Seconds: played.Seconds}, played, "every answer is like the recorded one")
	require.Equal(t, w.rows(direct, first), w.rows(direct, ids.Text(first)))
	left, err := direct.Queues.NewQueueClient(prefix+"line").GetProperties(t.Context(), nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, *left.ApproximateMessagesCount, "of each run, one of two messages was deleted")
}

// work makes calls as the product does.
type work struct {
	*testing.T
	prefix string
}

func (w work) setUp(c account.Clients) {
	_, err := c.Tables.CreateTable(w.Context(), w.prefix+"requests", nil)
	require.NoError(w, err)
	_, err = c.Queues.CreateQueue(w.Context(), w.prefix+"line", nil)
	require.NoError(w, err)
	_, err = c.Blobs.CreateContainer(w.Context(), w.prefix+"box", nil)
	require.NoError(w, err)
}

func entity(t *testing.T, key string, props map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: ofTenant + "|" + first, RowKey: key}, Properties: props})
	require.NoError(t, err)
	return b
}

func (w work) do(c account.Clients) {
	ctx := w.Context()
	rows := c.Tables.NewClient(w.prefix + "requests")
	_, err := rows.SubmitTransaction(ctx, []aztables.TransactionAction{
		{ActionType: aztables.TransactionTypeAdd, Entity: entity(w.T, "h", map[string]any{"n": aztables.EDMInt64(1)})},
		{ActionType: aztables.TransactionTypeAdd, Entity: entity(w.T, "e|1", nil)},
	}, nil)
	require.NoError(w, err)
	w.replaceByETag(ctx, rows)
	pager := rows.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: to.Ptr("PartitionKey eq '" + ofTenant + "|" + first + "' and RowKey ge 'e' and RowKey lt 'i'")})
	_, err = pager.NextPage(ctx)
	require.NoError(w, err)
	_, err = rows.UpsertEntity(ctx, entity(w.T, "t", map[string]any{"n": "text"}), &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	require.NoError(w, err)
	b := c.Blobs.NewContainerClient(w.prefix + "box").NewBlockBlobClient(ofTenant + "/" + first)
	body := streaming.NopCloser(bytes.NewReader(make([]byte, 2000)))
	_, err = b.Upload(ctx, body, &blockblob.UploadOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}})
	require.NoError(w, err)
	down, err := b.DownloadStream(ctx, nil)
	require.NoError(w, err)
	require.NoError(w, down.Body.Close())
	_, err = b.Delete(ctx, &blob.DeleteOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: down.ETag}}})
	require.NoError(w, err)
	line := c.Queues.NewQueueClient(w.prefix + "line")
	for _, text := range []string{"one", "two"} {
		_, err = line.EnqueueMessage(ctx, `{"r":"`+first+`","k":"`+text+`"}`, nil)
		require.NoError(w, err)
	}
	got, err := line.DequeueMessage(ctx, nil)
	require.NoError(w, err)
	_, err = line.DeleteMessage(ctx, *got.Messages[0].MessageID, *got.Messages[0].PopReceipt, nil)
	require.NoError(w, err)
}

// replaceByETag changes the head in a transaction that holds an ETag of this run, and reads it.
func (w work) replaceByETag(ctx context.Context, rows *aztables.Client) {
	head, err := rows.GetEntity(ctx, ofTenant+"|"+first, "h", nil)
	require.NoError(w, err)
	_, err = rows.SubmitTransaction(ctx, []aztables.TransactionAction{
		{ActionType: aztables.TransactionTypeUpdateReplace, Entity: entity(w.T, "h", map[string]any{"n": aztables.EDMInt64(2)}), IfMatch: to.Ptr(head.ETag)},
	}, nil)
	require.NoError(w, err)
}

// rows are the rows of a request without what differs by its id.
func (w work) rows(c account.Clients, request string) (out []string) {
	filter := "PartitionKey eq '" + ofTenant + "|" + request + "'"
	for pager := c.Tables.NewClient(w.prefix + "requests").NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter}); pager.More(); {
		page, err := pager.NextPage(w.Context())
		require.NoError(w, err)
		for _, b := range page.Entities {
			var e aztables.EDMEntity
			require.NoError(w, json.Unmarshal(b, &e))
			out = append(out, fmt.Sprint(e.RowKey, e.Properties))
		}
	}
	slices.Sort(out)
	require.Len(w, out, 3)
	return out
}
