package dsr

import "time"

// Due is the day by which a request must be answered: one calendar month (GDPR Art. 12(3)) or 45
// days (Cal. Civ. Code § 1798.130(a)(2)(A)) after receipt, UTC. A month that lacks the day ends on
// its last day (Regulation (EEC, Euratom) No 1182/71 Art. 3(2)(c)).
func Due(regime Regime, received time.Time) time.Time {
	received = received.UTC()
	if regime == CCPA {
		return received.AddDate(0, 0, 45)
	}
	due := received.AddDate(0, 1, 0)
	if due.Day() != received.Day() {
		due = due.AddDate(0, 0, -due.Day())
	}
	return due
}
