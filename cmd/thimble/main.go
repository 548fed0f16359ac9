// Thimble is an authentication server for B2B software: run thimble dev to try it, thimble serve to use it.
package main

import (
	"context"
	"os"

	"github.com/thimble-auth/thimble/internal/server"
)

func main() {
	server.Tune()
	os.Exit(server.Run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}
