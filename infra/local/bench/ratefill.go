package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/tape"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// fillShards is how many shards a tenant has for which the product made thousands of requests.
const fillShards = 8

// earlier is the rows of one completed request, as they lie in the tables: the pattern of others.
type earlier struct {
	rows  map[string][]json.RawMessage // by table
	bytes int
	shard string // the partition of its list rows and its key
}

func (e earlier) String() string {
	return fmt.Sprintf("%d rows of requests, %d of lists and %d of keys with %d bytes", len(e.rows[layout.TableRequests]), len(e.rows[layout.TableLists]), len(e.rows[layout.TableKeys]), e.bytes)
}

// sizes tells how large the tables are with so many earlier requests.
func (e earlier) sizes(count int) string {
	var out []string
	for _, table := range []string{layout.TableRequests, layout.TableLists, layout.TableKeys} {
		out = append(out, fmt.Sprintf("%s %d rows", table, count*len(e.rows[table])))
	}
	return strings.Join(out, ", ")
}

// readEarlier reads the rows of a request: its partition, the list rows and wakes that carry its
// id, and its key.
func readEarlier(ctx context.Context, connection, id string) (e earlier, err error) {
	c, err := account.ConnectString(connection, account.ClientOptions(nil))
	if err != nil {
		return e, err
	}
	e.rows = map[string][]json.RawMessage{}
	read := func(table, filter string, of func(row []byte) bool) error {
		for pager := c.Tables.NewClient(table).NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter}); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, row := range page.Entities {
				if !of(row) {
					continue
				}
				plain, err := stripped(row)
				if err != nil {
					return err
				}
				e.rows[table] = append(e.rows[table], plain)
				e.bytes += len(plain)
			}
		}
		return nil
	}
	partition := layout.Partition(caller.Contoso, id)
	if err := read(layout.TableRequests, fmt.Sprintf("PartitionKey eq '%s'", partition), func([]byte) bool { return true }); err != nil {
		return e, err
	}
	key, shard, err := ofHead(e.rows[layout.TableRequests])
	if err != nil {
		return e, err
	}
	e.shard = shard
	in := fmt.Sprintf("PartitionKey eq '%s'", shard)
	if err := read(layout.TableLists, in, func(row []byte) bool { return bytes.Contains(row, []byte(id)) }); err != nil {
		return e, err
	}
	if err := read(layout.TableKeys, in, func(row []byte) bool { return bytes.Contains(row, []byte(key)) }); err != nil {
		return e, err
	}
	if len(e.rows[layout.TableLists]) == 0 || len(e.rows[layout.TableKeys]) != 1 {
		return e, fmt.Errorf("the rows of request %s are incomplete: %s", id, e)
	}
	return e, nil
}

// ofHead reads the id of the key and the partition of the list rows from the head among rows.
func ofHead(rows []json.RawMessage) (key, shard string, err error) {
	for _, r := range rows {
		var head struct {
			RowKey string
			Key    string `json:"key"`
			Shard  int    `json:"shard,string"`
		}
		if json.Unmarshal(r, &head) == nil && head.RowKey == layout.RowHead {
			return head.Key, layout.ShardPartition(caller.Contoso, head.Shard), nil
		}
	}
	return "", "", fmt.Errorf("no head was read")
}

// stripped is a row without what the service adds.
func stripped(row []byte) (json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(row, &all); err != nil {
		return nil, err
	}
	for name := range all {
		if name == "Timestamp" || name == "Timestamp@odata.type" || strings.HasPrefix(name, "odata.") {
			delete(all, name)
		}
	}
	return json.Marshal(all)
}

// again returns the rows of a table for another request, in another shard.
func (e earlier) again(table, run string, shard int) []aztables.TransactionAction {
	ids := tape.Fresh{Run: run, Tenants: []string{caller.Contoso}}
	other := layout.ShardPartition(caller.Contoso, shard)
	var out []aztables.TransactionAction
	for _, row := range e.rows[table] {
		text := ids.Bytes(row)
		switch table {
		case layout.TableRequests:
			text = bytes.Replace(text, shardProperty(e.shard), shardProperty(other), 1)
		default:
			text = bytes.Replace(text, []byte(`"`+e.shard+`"`), []byte(`"`+other+`"`), 1)
		}
		out = append(out, aztables.TransactionAction{ActionType: aztables.TransactionTypeAdd, Entity: text})
	}
	return out
}

// shardProperty is how a head names the shard of a partition.
func shardProperty(partition string) []byte {
	return []byte(`"shard":"` + partition[strings.LastIndexByte(partition, '|')+1:] + `"`)
}

// fillFor is how long the filling may take. Azurite looks for each new row among all rows with the
// same row key, so the last thousand takes much longer than the first.
const fillFor = 8 * time.Minute

// fill stores earlier requests: a transaction for each partition of requests, and full ones
// elsewhere. It returns how many it has stored, which is fewer than asked for on a slow machine.
func (e earlier) fill(ctx context.Context, connection string, count int) (stored int, err error) {
	c, err := account.ConnectString(connection, account.ClientOptions(nil))
	if err != nil {
		return 0, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	send := func(table string, rows []aztables.TransactionAction) {
		g.Go(func() error {
			_, err := c.Tables.NewClient(table).SubmitTransaction(ctx, rows, nil)
			return err
		})
	}
	row := fmt.Sprintf(`{"PartitionKey":"tenants","RowKey":%q,"shards":"%d","shards@odata.type":"Edm.Int64"}`, caller.Contoso, fillShards)
	send(layout.TableLists, []aztables.TransactionAction{{ActionType: aztables.TransactionTypeInsertMerge, Entity: []byte(row)}})
	type place struct {
		table string
		shard int
	}
	waiting := map[place][]aztables.TransactionAction{}
	for until := time.Now().Add(fillFor); stored < count && time.Now().Before(until); stored++ {
		run, shard := fmt.Sprintf("earlier-%d", stored), stored%fillShards
		send(layout.TableRequests, e.again(layout.TableRequests, run, shard))
		for _, table := range []string{layout.TableLists, layout.TableKeys} {
			at := place{table, shard}
			if waiting[at] = append(waiting[at], e.again(table, run, shard)...); len(waiting[at]) > 90 {
				send(table, waiting[at])
				waiting[at] = nil
			}
		}
	}
	for at, rows := range waiting {
		if len(rows) > 0 {
			send(at.table, rows)
		}
	}
	return stored, g.Wait()
}
