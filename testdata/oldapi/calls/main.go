// The functions of the package.
package main

import (
	"fmt"
	"net/http"

	"github.com/seed-3d078585/overseer"
)

func main() {
	overseer.SanityCheck()
	var supported bool = overseer.IsSupported()
	if !supported {
		fmt.Println("no overseer here")
		prog(overseer.DisabledState)
		return
	}
	var run func(overseer.Config) = overseer.Run
	var runErr func(overseer.Config) error = overseer.RunErr
	_ = runErr
	run(overseer.Config{Program: prog, Address: ":3000"})
}

func prog(state overseer.State) {
	http.HandleFunc("/restart", func(http.ResponseWriter, *http.Request) { overseer.Restart() })
	http.Serve(state.Listener, nil)
}
