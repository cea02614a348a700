package ncrontab

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScheduleNext(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, from, want string }{
		"each minute":                  {"0 * * * * *", "2026-11-22T20:22:00.5Z", "2026-11-22T20:23:00Z"},
		"an occurrence itself":         {"0 * * * * *", "2026-11-22T20:22:00Z", "2026-11-22T20:23:00Z"},
		"hourly":                       {"0 0 * * * *", "2026-11-22T23:00:01Z", "2026-11-23T00:00:00Z"},
		"day AND weekday":              {"0 0 0 13 * 5", "2026-11-22T00:00:00Z", "2027-08-13T00:00:00Z"},
		"step":                         {"*/20 * * * * *", "2026-11-22T00:00:41Z", "2026-11-22T00:01:00Z"},
		"from a value by steps":        {"0 10/25 * * * *", "2026-11-22T00:11:00Z", "2026-11-22T00:35:00Z"},
		"range by steps":               {"0 0 8-18/5 * * *", "2026-11-22T14:00:00Z", "2026-11-22T18:00:00Z"},
		"list":                         {"0 0 0 1 1,3 *", "2026-01-02T00:00:00Z", "2026-03-01T00:00:00Z"},
		"weekdays":                     {"0 0 9 * * 1-5", "2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z"},
		"Sunday is 0":                  {"0 0 0 * * 0", "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"},
		"29 February":                  {"0 0 0 29 2 *", "2026-11-22T00:00:00Z", "2028-02-29T00:00:00Z"},
		"29 February on a Sunday":      {"0 0 0 29 2 0", "2026-11-22T00:00:00Z", "2032-02-29T00:00:00Z"},
		"another zone counts as UTC's": {"0 0 12 * * *", "2026-11-22T13:30:00+02:00", "2026-11-22T12:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(tc.text)
			require.NoError(t, err)
			from, err := time.Parse(time.RFC3339Nano, tc.from)
			require.NoError(t, err)
			require.Equal(t, tc.want, s.Next(from).Format(time.RFC3339))
		})
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Sunday as 7":     "0 0 0 * * 7",
		"five fields":     "0 0 * * *",
		"a name":          "0 0 0 * * Mon",
		"a TimeSpan":      "00:30:00",
		"second 60":       "60 * * * * *",
		"day 0":           "0 0 0 0 * *",
		"L":               "0 0 0 L * *",
		"@daily":          "@daily",
		"step 0":          "*/0 * * * * *",
		"an empty item":   "0,, * * * * *",
		"30 February":     "0 0 0 30 2 *",
		"empty":           "",
		"a negative step": "*/-1 * * * * *",
	} {
		_, err := Parse(text)
		require.Error(t, err, name)
	}
}

func TestShortestInterval(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"*/10 * * * * *": 10 * time.Second,
		"0,59 * * * * *": time.Second,
		"0 * * * * *":    time.Minute,
		"30 0 * * * *":   time.Hour,
		"0 0,50 * * * *": 10 * time.Minute,
		"0 0 0 * * 1":    7 * 24 * time.Hour,
	} {
		s, err := Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, s.Shortest(), text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"0 * * * * *", "*/5 1-3 1,2 */2 1 1-5", "0 0 0 31 2 *"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		at := s.Next(time.Unix(0, 0))
		require.True(t, s.Next(at).IsZero() || s.Next(at).After(at))
	})
}
