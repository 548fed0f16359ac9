package world

import (
	"net/http/httptest"
	"sync"

	"github.com/thimble-auth/thimble/internal/api"
	"github.com/thimble-auth/thimble/test/openapi"
)

// document is what the server shows, compiled once.
var document = sync.OnceValues(func() (*openapi.Document, error) {
	shown := httptest.NewRecorder()
	api.Document().ServeHTTP(shown, nil)
	return openapi.Parse(shown.Body.Bytes(), PublicURL)
})

// Holds says what is wrong with an answer of a server at PublicURL that is not as the OpenAPI document declares it.
func Holds(a openapi.Answer) error {
	d, err := document()
	if err != nil {
		return err
	}
	return d.Check(a)
}
