package store

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

func bootID() string { return readLine("/proc/sys/kernel/random/boot_id") }

func pidNamespace() string {
	name, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return name
}

// processStart returns field 22 of /proc/<pid>/stat, proc_pid_stat(5). It is
// empty where it cannot be read. gone says that the process has ended, though
// perhaps nobody has waited for it.
func processStart(pid int) (start string, gone bool) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	defer f.Close() // only read
	stat, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", errors.Is(err, fs.ErrNotExist)
	}
	// Field 2, the name, may hold spaces and brackets: count from its end.
	i := bytes.LastIndexByte(stat, ')')
	if i < 0 {
		return "", false
	}
	fields := bytes.Fields(stat[i+1:]) // from field 3 on
	if len(fields) < 20 {
		return "", false
	}
	state := fields[0][0]
	return string(fields[19]), state == 'Z' || state == 'X'
}

func readLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close() // only read
	data, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
