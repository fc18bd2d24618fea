package admin

import (
	_ "embed"
	"net/http"
	"slices"
)

//go:embed openapi.json
var openAPI []byte

// OpenAPI returns the description of the API, in OpenAPI 3.1.
func OpenAPI() []byte { return slices.Clone(openAPI) }

func (s *Server) getOpenAPI(w http.ResponseWriter, r *http.Request) {
	if s.plain(w, r) {
		send(w, http.StatusOK, openAPI)
	}
}
