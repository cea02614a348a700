package store

import "time"

// RenewEvery lets the claims that a test takes from now on be renewed faster.
func RenewEvery(s *Store, d time.Duration) { s.leases.RenewEvery = d }
