package layout

import (
	"fmt"
	"strings"
	"time"
)

// hourForm writes an hour with ten digits: year, month, day and hour, in UTC.
const hourForm = "2006010215"

// Hour returns the hour of a time. The hour is part of the keys of rows.
func Hour(t time.Time) string { return t.UTC().Format(hourForm) }

// HourPartition returns the partition of a tenant's hour keys.
func HourPartition(tenant string) string { return tenant + "|hours" }

// RowHour returns the row key of the key of an hour.
func RowHour(hour string) string { return "h|" + hour }

// KeyID returns the id of a case's key. The id begins with the hour whose key wraps it, so that one
// range of each shard shows whether an hour still wraps a key.
func KeyID(hour, random string) string { return hour + "-" + random }

// HourOf returns the hour whose key wraps the case's key with this id. It returns false for a text
// that is no id of a key.
func HourOf(id string) (hour string, ok bool) {
	hour, random, _ := strings.Cut(id, "-")
	if len(hour) != 10 || strings.Trim(hour, "0123456789") != "" || len(random) != 32 || strings.Trim(random, "0123456789abcdef") != "" {
		return "", false
	}
	return hour, true
}

// LedgerName returns the name of the blob that says that a case's key was destroyed. It names the
// row, so that the row can be deleted again when a backup has brought it back.
func LedgerName(tenant string, shard int, keyID string) string {
	return fmt.Sprintf("%s/%d/%s", tenant, shard, keyID)
}
