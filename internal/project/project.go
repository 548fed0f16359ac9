// Package project knows the tenants of this server: who may call on their behalf, and what they have set.
package project

import "github.com/thimble-auth/thimble/internal/store"

// Project is a tenant of this server.
type Project = store.Project
