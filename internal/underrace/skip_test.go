package underrace

import "testing"

func TestSkipAllocationsSkipsUnderTheRaceDetectorOnly(t *testing.T) {
	t.Run("counting", func(t *testing.T) {
		defer func() {
			if t.Skipped() != enabled {
				t.Errorf("skipped: %v, under the race detector: %v", t.Skipped(), enabled)
			}
		}()
		SkipAllocations(t)
	})
}
