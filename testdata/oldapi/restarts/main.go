// Only graceful restarts.
package main

import (
	"net/http"

	"github.com/seed-3d078585/overseer"
)

// run with: kill -s USR2 <pid>
func main() {
	overseer.Run(overseer.Config{
		Program: prog,
		Address: ":3000",
	})
}

func prog(state overseer.State) {
	http.Serve(state.Listener, http.NotFoundHandler())
}
