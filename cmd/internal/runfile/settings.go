package runfile

// Settings are those of one program. The zero value of each is its default.
type Settings struct {
	Program []string `toml:"program"`
	Dir     string   `toml:"dir"`
	Env     []string `toml:"env"`
	User    string   `toml:"user"`
	Group   string   `toml:"group"`
	PIDFile string   `toml:"pid-file"`

	Listen      []Listen `toml:"listen"`
	NonBlocking bool     `toml:"non-blocking"`

	Ready         Ready  `toml:"ready"`
	ReadyTimeout  Span   `toml:"ready-timeout"`
	Probe         Probe  `toml:"probe"`
	ProbeInterval Span   `toml:"probe-interval"`
	PrivateProbe  bool   `toml:"private-probe"`
	DrainBy       Signal `toml:"drain-by"`
	Terminate     Span   `toml:"terminate-timeout"`
	StandbyBy     Signal `toml:"standby-by"`
	ResumeBy      Signal `toml:"resume-by"`
	RestartBy     Signal `toml:"restart-by"`
	Sequential    bool   `toml:"sequential"`
	KeepAlive     Keep   `toml:"keep-alive"`
	CaptureStderr bool   `toml:"capture-stderr"`

	Fetch         string   `toml:"fetch"`
	FetchFile     string   `toml:"fetch-file"`
	FetchInterval Span     `toml:"fetch-interval"`
	Key           []string `toml:"key"`
	Product       string   `toml:"product"`
	Channel       string   `toml:"channel"`
	Insecure      bool     `toml:"insecure"`

	Home        string   `toml:"home"`
	ExecFile    string   `toml:"exec-file"`
	StateDir    string   `toml:"state-dir"`
	Check       []string `toml:"check"`
	NoRehearsal bool     `toml:"no-rehearsal"`
	Probation   Span     `toml:"probation"`

	Debug bool `toml:"debug"`
}
