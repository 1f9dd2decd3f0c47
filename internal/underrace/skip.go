// Package underrace tells tests about the race detector.
package underrace

import "testing"

// SkipAllocations skips a test that counts allocations if it runs under the race
// detector, with which sync.Pool drops a part of what it is given.
func SkipAllocations(t *testing.T) {
	t.Helper()
	if enabled {
		t.Skip("allocations are not counted under the race detector")
	}
}
