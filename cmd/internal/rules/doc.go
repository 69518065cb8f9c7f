// Package rules holds the house to its plan: which room may import which, and
// a few other things that only a test can see. It has no code besides tests.
package rules
