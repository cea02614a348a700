package retention

import (
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

const (
	byPurge = string(dsr.StepPurge)
	byWake  = string(dsr.StepWake)
)

// Table is the retention table: every class of stored thing. Nothing is stored that is not in it.
func Table() []Row { return slices.Clone(table) }

var table = []Row{
	{
		Class: "parts", Holds: "finished members of a package that is being made", Container: Parts,
		Keep: Keep{Until: "until the package is verified, or the request is over without one"}, Since: "a system handed them over", Clock: BusinessClock,
		Why: "the package holds the same", Wake: WakeParts, By: byPurge,
	},
	{
		Class: "parts that no task names", Holds: "what a worker left that died or had lost its claim", Container: Parts,
		Keep: Keep{For: LookAgain}, Since: "the package was ready", Clock: BusinessClock, Why: whyLeftovers, By: byPurge,
	},
	{
		Class: "packages", Holds: "what is handed over, the last archive of each request, also in a destination of the tenant", Container: Packages,
		Keep: Keep{Bounds: &PackageDays}, Since: "the package was ready", Clock: BusinessClock, Why: whyHandOver, Wake: WakePackage, By: byPurge,
	},
	{
		Class: "former packages", Holds: "packages that were replaced, and what is there of packages that were given up", Container: Packages,
		Keep: Keep{For: KeepFormer}, Since: "another package was ready, or the assembly was given up", Clock: BusinessClock,
		Why:  "the package that took its place holds the same; one that is not finished serves nothing (GDPR Art. 5(1)(e))",
		Wake: WakeFormer, By: byPurge,
	},
	{
		Class: "inputs of imports", Holds: "lists as they were given", Container: BulkInputs,
		Keep: Keep{For: KeepInput}, Since: sinceImport, Clock: BusinessClock, Why: "a list can be compared with its result for a week", Wake: WakeBulkInput, By: byPurge,
	},
	{
		Class: "uploads without an import", Holds: "lists whose upload was cut off", Container: BulkInputs,
		Keep: Keep{For: KeepUpload}, Since: "the upload", Clock: BusinessClock, Why: whyLeftovers, By: byPurge,
	},
	{
		Class: "results of imports", Holds: "one line for each line of a list, without what the list said", Container: Results,
		Keep: Keep{For: KeepResult}, Since: sinceImport, Clock: BusinessClock, Why: "a caller fetches it within a month", Wake: WakeBulkResult, By: byPurge,
	},
	{
		Class: "rejected messages", Holds: "bulk messages that cannot become an import, as they came", Container: Rejected,
		Keep: Keep{For: KeepRejected}, Since: "the message came", Clock: BusinessClock, Why: "an operator looks at them within a month", By: byPurge,
	},
	{
		Class: "findings", Holds: "what discovery found, sealed under the request's key, where a row is too small for it", Container: Findings,
		Keep: Keep{Bounds: &RecordMonths}, Since: sinceEnd, Clock: BusinessClock, Why: whyRecords, By: NotYet,
	},
	{
		Class: "requests", Holds: "the head of a request with its sealed part, and its tasks", Table: "requests", Rows: `h(\|[0-9a-z-]+)?`,
		Keep: Keep{Bounds: &RecordMonths}, Since: sinceEnd, Clock: BusinessClock, Why: whyRecords, By: NotYet,
	},
	{
		Class: "events", Holds: "the history of a request", Table: "requests", Rows: `e\|[0-9]{10}`,
		Keep: Keep{Bounds: &RecordMonths}, Since: sinceEnd, Clock: BusinessClock, Why: whyRecords, By: NotYet,
	},
	{
		Class: "keys", Holds: "the wrapped data key of a request", Table: "keys", Rows: `[0-9]{10}-[0-9a-f]{32}`,
		Keep: Keep{Bounds: &RecordMonths}, Since: sinceEnd, Clock: BusinessClock, Why: whyRecords, By: NotYet,
	},
	{
		Class: "hour keys", Holds: "the wrapped key that wraps the data keys of the requests which a tenant made within an hour", Table: "keys", Rows: `h\|[0-9]{10}`,
		Keep: Keep{Bounds: &RecordMonths}, Since: "the end of the last request of the hour", Clock: BusinessClock,
		Why: "without it no data key of its hour can be unwrapped", By: NotYet,
	},
	{
		Class: "ledger of destroyed keys", Holds: "ids of destroyed data keys and when each was destroyed", Container: Ledger,
		Keep: Keep{Bounds: &RecordMonths}, Since: "the key was destroyed", Clock: BusinessClock,
		Why: "a restored backup of the keys, which is kept for 7 days at most, must not bring a destroyed key back; and it shows that the key was destroyed (GDPR Art. 5(2))", By: NotYet,
	},
	{
		Class: "lists", Holds: "ids and times by which requests are found", Table: "lists", Rows: `[nsd]\|.+`,
		Keep: Keep{Bounds: &RecordMonths}, Since: sinceEnd, Clock: BusinessClock, Why: "a list leads to each request that is kept", By: NotYet,
	},
	{
		Class: "imports", Holds: "the row of an import, and the hash of its idempotency key", Table: "requests", Rows: `bulk(-key)?`,
		Keep: Keep{Bounds: &RecordMonths}, Since: sinceImport, Clock: BusinessClock, Why: whyRecords, By: NotYet,
	},
	{
		Class: "wakes of requests under way", Holds: "ids and times", Table: "lists", Rows: `w\|wake\|wall\|[0-9]{13}\|redeliver\|.+`,
		Keep: Keep{Until: "until nothing of the request is left to work on"}, Since: "the request was made", Clock: WallClock,
		Why: "what was accepted is not lost when a message is", Wake: WakeRedeliver, By: byWake,
	},
	{
		Class: "wakes of imports under way", Holds: "ids and times", Table: "lists", Rows: `w\|wake\|wall\|[0-9]{13}\|bulk\|.+`,
		Keep: Keep{Until: "until the import has ended"}, Since: "the import was recorded", Clock: WallClock,
		Why: "what was accepted is not lost when a message is", Wake: WakeBulk, By: byWake,
	},
	{
		Class: "wakes of what will be removed", Holds: "ids and times", Table: "lists", Rows: `w\|purge\|business\|[0-9]{13}\|(parts|package|former|bulk-input|bulk-result)\|.+`,
		Keep: Keep{Until: "until what they are for is removed"}, Since: "what they are for exists", Clock: BusinessClock,
		Why: "everything that is stored has an end from the moment it exists", By: byPurge,
	},
	{
		Class: "rows that nothing names", Holds: "list rows and wakes whose request or change was never committed", Table: "lists",
		Keep: Keep{For: KeepUnnamed}, Since: "they were written, or due", Clock: WallClock, Why: whyLeftovers, By: byStore,
	},
	{
		Class: "keys that nothing names", Holds: "wrapped data keys whose request was never committed", Table: "keys",
		Keep: Keep{For: KeepUnnamed}, Since: "the wake that was written with them was due", Clock: WallClock, Why: whyLeftovers, By: byStore,
	},
	{
		Class: "tenants", Holds: "ids of tenants that are or were configured, and the number of their shards", Table: "lists", Rows: `[0-9a-f-]{36}`,
		Keep: Keep{Until: "for ever"}, Since: "the tenant was first configured",
		Why: "what is stored of a tenant ends also when nobody configures it any more; an id of a directory is no personal data", By: Nobody,
	},
	{
		Class: "messages", Holds: "ids of what there is to do; on dsr-bulk the lists of producers", Queues: true,
		Keep: Keep{For: KeepMessage}, Since: "the message was put on the queue", Clock: WallClock,
		Why: "what a lost message was for is sent again within a minute; a producer may name another time for its own", By: byService,
	},
}
