package ttfs

// Code turns inputs v into what their spikes carry, x = (v - p)/(q - p), so that
// they fire at 1 - x. It returns how many lie outside [p, q]: they are coded as the
// nearer end, and NaN as p.
func (n *Network[F]) Code(x, v []F) (outside int) {
	low, high := F(n.Low), F(n.High)
	for i, value := range v {
		if !(value >= low && value <= high) {
			outside++
			if value > high {
				x[i] = 1
			} else {
				x[i] = 0
			}
			continue
		}
		x[i] = (value - low) / (high - low)
	}
	return outside
}
