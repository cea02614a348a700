package aztable

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// encode returns a row in the form that the service takes.
func encode(r *row.Row) ([]byte, error) {
	if err := r.Err(); err != nil {
		return nil, err
	}
	props := make(map[string]any, len(r.Values()))
	for name, v := range r.Values() {
		switch v := v.(type) {
		case int64:
			props[name] = aztables.EDMInt64(v)
		case time.Time:
			props[name] = aztables.EDMDateTime(v)
		case []byte:
			props[name] = aztables.EDMBinary(v)
		default:
			props[name] = v
		}
	}
	return json.Marshal(aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: r.Partition, RowKey: r.Key}, Properties: props})
}

// decode reads a row that the service sent. With an empty ETag it takes the one in the row.
func decode(b []byte, etag string) (*row.Row, error) {
	var e aztables.EDMEntity
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fmt.Errorf("store: a row of %d bytes cannot be read", len(b))
	}
	if etag == "" {
		etag = e.ETag
	}
	values := make(map[string]any, len(e.Properties))
	for name, v := range e.Properties {
		switch v := v.(type) {
		case aztables.EDMInt64:
			values[name] = int64(v)
		case aztables.EDMDateTime:
			values[name] = time.Time(v).UTC()
		case aztables.EDMBinary:
			values[name] = []byte(v)
		default:
			values[name] = v
		}
	}
	return row.Stored(e.PartitionKey, e.RowKey, etag, time.Time(e.Timestamp), values), nil
}
