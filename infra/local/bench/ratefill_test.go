package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

func TestEarlierRequestsAreTheRowsOfOneWithOtherIDs(t *testing.T) {
	t.Parallel()
	const id, key = "aaaaaaaa-0000-0000-0000-000000000001", "2026030209-0123456789abcdef0123456789abcdef"
	head := `{"odata.etag":"W/\"1\"","PartitionKey":"` + caller.Contoso + `|` + id + `","RowKey":"h","key":"` + key + `","shard":"2","shard@odata.type":"Edm.Int64","Timestamp":"2026-03-02T09:00:00Z"}`
	plain, err := stripped([]byte(head))
	require.NoError(t, err)
	require.NotContains(t, string(plain), "Timestamp")
	require.NotContains(t, string(plain), "odata.etag")
	gotKey, shard, err := ofHead([]json.RawMessage{plain})
	require.NoError(t, err)
	require.Equal(t, []string{key, layout.ShardPartition(caller.Contoso, 2)}, []string{gotKey, shard})
	e := earlier{shard: shard, rows: map[string][]json.RawMessage{
		layout.TableRequests: {plain}, layout.TableKeys: {json.RawMessage(`{"PartitionKey":"` + shard + `","RowKey":"` + key + `"}`)},
	}}
	first, second := string(e.again(layout.TableRequests, "1", 5)[0].Entity), string(e.again(layout.TableRequests, "2", 5)[0].Entity)
	require.NotEqual(t, first, second)
	for _, row := range []string{first, second} {
		require.Contains(t, row, `"shard":"5"`)
		require.Contains(t, row, caller.Contoso)
		require.NotContains(t, row, id)
	}
	ofKey := string(e.again(layout.TableKeys, "1", 5)[0].Entity)
	require.Contains(t, ofKey, `"`+layout.ShardPartition(caller.Contoso, 5)+`"`)
	var row struct{ RowKey string }
	require.NoError(t, json.Unmarshal([]byte(ofKey), &row))
	require.True(t, strings.Contains(first, row.RowKey), "the head names the key of its own request")
	_, _, err = ofHead(nil)
	require.Error(t, err)
}

func TestCallsAreListedByHowManyThereAreForEachRequest(t *testing.T) {
	t.Parallel()
	get, change := calls.Call{Op: calls.Get, Target: "requests"}, calls.Call{Op: calls.Change, Target: "lists"}
	require.Equal(t, "1.00 × transaction lists, 0.50 × point read requests", perRequest([]calls.Call{change, get, change}, 2))
}
