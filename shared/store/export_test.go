package store

import "time"

// RenewEvery lets the claims that a test takes from now on be renewed faster.
func RenewEvery(s *Store, d time.Duration) { s.desk.RenewEvery = d }
