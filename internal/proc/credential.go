package proc

// A Credential is the user that a process runs as. It is made of numbers: who
// they are was looked up before.
type Credential struct {
	UID, GID uint32
	Groups   []uint32 // all supplementary groups; empty: none
	Name     string   // of the account; empty: there is none
	Home     string   // of the account; empty: there is none

	// NewPrivileges leaves execve(2) able to give rights: by set-id bits and
	// by file capabilities.
	NewPrivileges bool
}

// environ tells the process who it is, as login(1) would: what it was told by
// this process is of another user.
func (c *Credential) environ(env []string) []string {
	if c == nil {
		return env
	}
	env = Environ(env, "HOME=", "USER=", "LOGNAME=")
	if c.Name != "" {
		env = append(env, "USER="+c.Name, "LOGNAME="+c.Name)
	}
	if c.Home == "" {
		return append(env, "HOME=/")
	}
	return append(env, "HOME="+c.Home)
}
