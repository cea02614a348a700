package retention

// WakeKind says what a wake is for.
type WakeKind string

// The kinds of wake.
const (
	WakeRedeliver  WakeKind = "redeliver"   // send the messages of what is workable again
	WakePackage    WakeKind = "package"     // the package's retention ends
	WakeParts      WakeKind = "parts"       // parts are to be deleted
	WakeFormer     WakeKind = "former"      // what former packages left is to be deleted
	WakeBulk       WakeKind = "bulk"        // an import is to be continued
	WakeBulkInput  WakeKind = "bulk-input"  // an import's input is to be deleted
	WakeBulkResult WakeKind = "bulk-result" // an import's result is to be deleted
)

// Clock says which time a wake follows.
type Clock string

// The clocks.
const (
	WallClock     Clock = "wall"
	BusinessClock Clock = "business"
)
