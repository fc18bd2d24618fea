// Package period has the lengths of time that a person writes where Go's hours
// are too small: 90d, 2w, 1y.
package period

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// units are those that [time.ParseDuration] does not know. A year has 365 days.
var units = []struct {
	name string
	of   time.Duration
}{{"y", 365 * day}, {"w", 7 * day}, {"d", day}}

// A Period is a length of time. It is a flag.Value.
type Period time.Duration

// Parse reads a whole number of years, weeks or days (1y, 2w, 90d), or what
// [time.ParseDuration] takes. It is never negative.
func Parse(s string) (Period, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || time.Duration(n) > time.Duration(1<<63-1)/u.of {
			return 0, fmt.Errorf("period %q: want a whole number before %s", s, u.name)
		}
		return Period(time.Duration(n) * u.of), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("period %q: want a form such as 90d, 2w, 1y or 36h", s)
	}
	return Period(d), nil
}

// Duration is the period as Go has it.
func (p Period) Duration() time.Duration { return time.Duration(p) }

// String writes days where it is made of them, else hours and below. Parse reads
// it.
func (p Period) String() string {
	d := time.Duration(p)
	if d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.String()
}

// Set is that of flag.Value.
func (p *Period) Set(s string) (err error) {
	*p, err = Parse(s)
	return err
}

// MarshalText writes the period for JSON.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (p *Period) UnmarshalText(text []byte) error { return p.Set(string(text)) }
