// Package ncrontab reads the schedules of the Functions host's timers.
package ncrontab

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Schedule is {second} {minute} {hour} {day} {month} {day of week}, all in UTC. Unlike in Vixie
// cron, the day and the day of week must both match, and Sunday is 0 only.
type Schedule struct {
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

// Parse reads an expression of six fields. Each is a list of *, n or n-m, with an optional /step.
func Parse(text string) (Schedule, error) {
	parts := strings.Fields(text)
	if len(parts) != len(fields) {
		return Schedule{}, errors.New("an expression of six fields is needed (five fields and a TimeSpan are not supported by the dev host)")
	}
	var bits [6]uint64
	for i, part := range parts {
		var err error
		if bits[i], err = fields[i].parse(part); err != nil {
			return Schedule{}, err
		}
	}
	s := Schedule{bits[0], bits[1], bits[2], bits[3], bits[4], bits[5]}
	if s.Next(time.Unix(0, 0)).IsZero() {
		return Schedule{}, errors.New("the schedule matches no date")
	}
	return s, nil
}

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
		return 0, fmt.Errorf("%s: a value is not a number from %d to %d (names are not supported by the dev host)", f.name, f.low, f.high)
	}
	return n, nil
}

// Next is the first occurrence after t. It is the zero time when there is none within 30 years; a
// 29 February on a given weekday comes back after 28.
func (s Schedule) Next(t time.Time) time.Time {
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

// Shortest is the shortest of the first 100 intervals. By it the host decides whether it keeps
// the schedule's state.
func (s Schedule) Shortest() time.Duration {
	least := time.Duration(1<<63 - 1)
	at := s.Next(time.Unix(0, 0))
	for range 100 {
		following := s.Next(at)
		if following.IsZero() {
			break
		}
		least, at = min(least, following.Sub(at)), following
	}
	return least
}
