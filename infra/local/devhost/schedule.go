package devhost

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// schedule is an NCRONTAB expression: {second} {minute} {hour} {day} {month} {day of week}, all in UTC. Unlike Vixie cron's,
// its day and its day of week must both match, and Sunday is 0 only.
type schedule struct {
	second, minute, hour, day, month, weekday uint64 // bit n: value n matches
}

type field struct {
	name      string
	low, high int
}

var fields = []field{
	{name: "second", high: 59},
	{name: "minute", high: 59},
	{name: "hour", high: 23},
	{name: "day", low: 1, high: 31},
	{name: "month", low: 1, high: 12},
	{name: "day of week", high: 6},
}

func parseSchedule(text string) (schedule, error) {
	parts := strings.Fields(text)
	if len(parts) != len(fields) {
		return schedule{}, errors.New("an expression of six fields is needed (five fields and a TimeSpan are not built in the dev host)")
	}
	var bits [6]uint64
	for i, part := range parts {
		var err error
		if bits[i], err = fields[i].parse(part); err != nil {
			return schedule{}, err
		}
	}
	s := schedule{bits[0], bits[1], bits[2], bits[3], bits[4], bits[5]}
	if s.next(time.Unix(0, 0)).IsZero() {
		return schedule{}, errors.New("no date ever matches")
	}
	return s, nil
}

// parse reads a list of *, n, n-m, each with an optional /step.
func (f field) parse(text string) (bits uint64, err error) {
	for item := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
				return 0, fmt.Errorf("%s: the step is not a positive number", f.name)
			}
		}
		low, high := f.low, f.high
		if span != "*" {
			from, to, ranged := strings.Cut(span, "-")
			if low, err = f.value(from); err != nil {
				return 0, err
			}
			switch {
			case ranged:
				if high, err = f.value(to); err != nil {
					return 0, err
				}
			case !stepped:
				high = low
			}
			if low > high {
				low, high = high, low
			}
		}
		for n := low; n <= high; n += step {
			bits |= 1 << n
		}
	}
	return bits, nil
}

func (f field) value(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < f.low || n > f.high {
		return 0, fmt.Errorf("%s: a value is not a number from %d to %d (names are not built in the dev host)", f.name, f.low, f.high)
	}
	return n, nil
}

// next is the first occurrence after t, or the zero time when there is none within 30 years (29 February on a given weekday).
func (s schedule) next(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second).Add(time.Second)
	for end := t.AddDate(30, 0, 0); t.Before(end); {
		switch {
		case s.month&(1<<int(t.Month())) == 0 || s.day&(1<<t.Day()) == 0 || s.weekday&(1<<int(t.Weekday())) == 0:
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC)
		case s.hour&(1<<t.Hour()) == 0:
			t = t.Truncate(time.Hour).Add(time.Hour)
		case s.minute&(1<<t.Minute()) == 0:
			t = t.Truncate(time.Minute).Add(time.Minute)
		case s.second&(1<<t.Second()) == 0:
			t = t.Add(time.Second)
		default:
			return t
		}
	}
	return time.Time{}
}

// shortest is the shortest of the first intervals, by which the host decides whether to keep the schedule's state.
func (s schedule) shortest() time.Duration {
	least := time.Duration(1<<63 - 1)
	at := s.next(time.Unix(0, 0))
	for range 100 {
		following := s.next(at)
		if following.IsZero() {
			break
		}
		least, at = min(least, following.Sub(at)), following
	}
	return least
}
