// Package api holds the Stytch-compatible calls: shapes, lists and short functions. What is allowed and what follows is
// decided by the packages it calls.
package api
