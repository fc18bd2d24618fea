package overseer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// ErrConfig is matched by the error of RunErr for a [Config] that cannot be
// used. Its text names the field.
var ErrConfig = errors.New("invalid configuration")

// shortestTimeout is the least TerminateTimeout that can be meant.
const shortestTimeout = time.Millisecond

// settled is a Config that was checked, with its defaults filled in.
type settled struct {
	Config
	binary    string           // absolute; links kept
	addresses []socket.Address // parsed
	as        *proc.Credential // the user of workers; nil: the master's
	command   *settledCommand  // nil: the program is Config.Program
	warnings  []string
}

// Check reports what Run and RunErr would find wrong with the Config before they
// bind anything: an error that matches [ErrConfig] and names the field, or nil.
// It looks at paths and opens nothing.
func (c Config) Check() error {
	_, err := c.settle()
	return err
}

// settle checks a Config and fills in the defaults. It looks at the path of the
// binary but opens nothing.
func (c Config) settle() (settled, error) {
	s := settled{Config: c}
	for _, check := range []func() error{s.settleRights, s.settleProgram, s.settleTimes, s.settleAddresses, s.settleCommand, s.settleBinary, s.settleCredential, s.settlePIDFile, s.settleTrust, s.settleAdmin} {
		if err := check(); err != nil {
			return s, fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	return s, nil
}

func (s *settled) settleProgram() error {
	if s.Program == nil && s.Command == nil {
		return errors.New("Config.Program is missing (or Config.Command)")
	}
	if s.Program != nil && s.Command != nil {
		return errors.New("Config.Program and Config.Command are both set: use one")
	}
	if s.KeepAlive < Never || s.KeepAlive > Always {
		return fmt.Errorf("Config.KeepAlive is %d, want Never, OnFailure or Always", s.KeepAlive)
	}
	if s.IsolateFetch < IsolateRemote || s.IsolateFetch > IsolateNever {
		return fmt.Errorf("Config.IsolateFetch is %d, want IsolateRemote, IsolateAlways or IsolateNever", s.IsolateFetch)
	}
	if s.Sequential && s.Overlap {
		return errors.New("Config.Sequential and Config.Overlap exclude each other")
	}
	if s.RestartSignal == nil {
		s.RestartSignal = SIGUSR2
	}
	return nil
}

func (s *settled) settleTimes() error {
	for _, t := range []struct {
		name   string
		value  *time.Duration
		preset time.Duration
	}{
		{"Config.TerminateTimeout", &s.TerminateTimeout, DefaultTerminateTimeout},
		{"Config.MinFetchInterval", &s.MinFetchInterval, DefaultMinFetchInterval},
		{"Config.ReadyTimeout", &s.ReadyTimeout, DefaultReadyTimeout},
		{"Config.ProbeInterval", &s.ProbeInterval, DefaultProbeInterval},
		{"Config.Quarantine", &s.Quarantine, DefaultQuarantine},
	} {
		if *t.value < 0 {
			return fmt.Errorf("%s is %v: it cannot be negative", t.name, *t.value)
		}
		if *t.value == 0 {
			*t.value = t.preset
		}
	}
	if s.TerminateTimeout < shortestTimeout {
		s.warnings = append(s.warnings, fmt.Sprintf("Config.TerminateTimeout is %v: did you mean %d*time.Second? The default of %v is used",
			s.TerminateTimeout, s.TerminateTimeout.Nanoseconds(), DefaultTerminateTimeout))
		s.TerminateTimeout = DefaultTerminateTimeout
	}
	switch {
	case s.Probation == 0:
		s.Probation = DefaultProbation
	case s.Probation < 0:
		s.Probation = 0
	}
	return nil
}

func (s *settled) settleAddresses() error {
	if s.Address != "" {
		if len(s.Addresses) > 0 {
			return errors.New("Config.Address and Config.Addresses are both set: use one")
		}
		s.Addresses = []string{s.Address}
	}
	var err error
	s.addresses, err = socket.ParseAll(s.Addresses)
	if err != nil {
		return fmt.Errorf("Config.Addresses: %w", err)
	}
	return nil
}

// specs are the addresses as they were written.
func (s settled) specs() []string {
	specs := make([]string, len(s.addresses))
	for i, a := range s.addresses {
		specs[i] = a.Spec
	}
	return specs
}

func (s *settled) settleBinary() error {
	path, before := s.ExecFile, handedBinary()
	if path == "" && before != "" {
		path = before // the file that this process runs may have lost its name
	}
	if path == "" {
		var err error
		if path, err = os.Executable(); err != nil {
			return fmt.Errorf("find the running binary (set Config.ExecFile): %w", err)
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("Config.ExecFile: %w", err)
	}
	if path == before {
		s.binary = path // what is there is looked at when it is started
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("Config.ExecFile: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("Config.ExecFile: %q is not a regular file", path)
	}
	s.binary = path
	return nil
}

func (s *settled) settlePIDFile() (err error) {
	if s.PIDFile == "" {
		return nil
	}
	if s.PIDFile, err = filepath.Abs(s.PIDFile); err != nil {
		return fmt.Errorf("Config.PIDFile: %w", err)
	}
	return nil
}

// settleTrust asks the policy about its settings: a key that is mistyped is
// found at the start, and not at the first release.
func (s *settled) settleTrust() error {
	p, ok := s.Trust.(interface{ Check() error })
	if !ok {
		return nil
	}
	if err := p.Check(); err != nil {
		return fmt.Errorf("Config.Trust: %w", err)
	}
	return nil
}
