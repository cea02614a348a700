package tenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/jsonbody"
)

// Clock is the business clock of the local world: wall time plus an offset. The offset only
// grows, and it survives a restart.
type Clock struct {
	wall func() time.Time
	file string // "": not kept

	mu     sync.Mutex
	offset time.Duration
	born   time.Time
}

const maxClockFile = 4 << 10

// clockState is the stored form.
type clockState struct {
	Born   time.Time `json:"born"`
	Offset string    `json:"offset"`
}

// maxOffset keeps sums of times far from overflow.
const maxOffset = 100 * 365 * 24 * time.Hour

// openClock reads the clock from dir, or starts a new one there. Without dir nothing is kept.
func openClock(dir string, wall func() time.Time) (*Clock, error) {
	c := &Clock{wall: wall, born: wall().UTC().Truncate(time.Second)}
	if dir == "" {
		return c, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("clock: %w", err)
	}
	c.file = filepath.Join(dir, "clock.json")
	raw, err := os.ReadFile(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, c.store(0)
	}
	if err != nil {
		return nil, fmt.Errorf("clock: %w", err)
	}
	s, err := jsonbody.Decode[clockState](raw, maxClockFile)
	if err != nil {
		return nil, fmt.Errorf("clock: %s is damaged; start with an empty state directory (make run RESET=1): %w", filepath.Base(c.file), err)
	}
	offset, err := time.ParseDuration(s.Offset)
	if err != nil || offset < 0 || offset > maxOffset || s.Born.IsZero() {
		return nil, fmt.Errorf("clock: %s holds no usable clock; start with an empty state directory (make run RESET=1)", filepath.Base(c.file))
	}
	c.born, c.offset = s.Born, offset
	return c, nil
}

// Now is the business time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall().Add(c.offset)
}

// Offset is how far the business time is ahead of the wall.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Born is when the organisation was made, in business time.
func (c *Clock) Born() time.Time { return c.born }

var errBackwards = errors.New("advance: it may not be negative, because the clock does not go back")

// Advance moves the clock. It is stored before it takes effect.
func (c *Clock) Advance(d time.Duration) error {
	if d < 0 {
		return errBackwards
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > maxOffset-c.offset {
		return errors.New("advance: the clock may be ahead by a hundred years at most")
	}
	if err := c.store(c.offset + d); err != nil {
		return err
	}
	c.offset += d
	return nil
}

// store replaces the file in one step, so that a crash leaves the old clock or the new one.
func (c *Clock) store(offset time.Duration) error {
	if c.file == "" {
		return nil
	}
	raw, err := json.Marshal(clockState{Born: c.born, Offset: offset.String()})
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(c.file), "clock-*.tmp")
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }() // gone after the rename
	_, err = temp.Write(raw)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	if err := os.Rename(temp.Name(), c.file); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	return nil
}
