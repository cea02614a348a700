package store

import "time"

// RenewEvery lets tests renew faster.
func RenewEvery(s *Store, d time.Duration) { s.renewEvery = d }
