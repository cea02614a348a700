package store

import "fmt"

// batchError is the inner answer of a transaction that was refused.
type batchError struct {
	status int
	code   string
	cause  error
}

func (e *batchError) Error() string {
	return fmt.Sprintf("transaction refused: HTTP %d %s", e.status, e.code)
}

func (e *batchError) Unwrap() error { return e.cause }
