package store

import "time"

// RenewEvery sets how often Keep renews the claims that a test takes from now on.
func RenewEvery(s *Store, d time.Duration) { s.leases.RenewEvery = d }
