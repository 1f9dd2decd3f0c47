package armtrajectory

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

const (
	stepSeconds = 0.001 // dt
	linkLength  = 0.5   // of either link
)

// The angles before the first step: the upper arm along x, the forearm along y.
const (
	shoulderStart = 0
	elbowStart    = math.Pi / 2
)

// Move is equations (1) and (2): from angular velocities to the angles and the
// tip, all [T][2].
func Move[F tensor.Float](angles, tip, velocities []F) {
	shoulder, elbow := float64(shoulderStart), elbowStart
	for i := 0; i < len(velocities); i += 2 {
		shoulder += stepSeconds * float64(velocities[i])
		elbow += stepSeconds * float64(velocities[i+1])
		angles[i], angles[i+1] = F(shoulder), F(elbow)
		x, y := tipOf(shoulder, shoulder+elbow)
		tip[i], tip[i+1] = F(x), F(y)
	}
}

// tipOf is equation (2) for the absolute angles of the links.
func tipOf(upper, fore float64) (x, y float64) {
	return linkLength * (math.Cos(upper) + math.Cos(fore)), linkLength * (math.Sin(upper) + math.Sin(fore))
}

// MoveAdjoint takes ∂E/∂tip back to the velocities that Move had, and adds it to
// ∂E/∂ω:
//
//	∂E/∂φ_2[t] = l (-sin(φ_1+φ_2) ∂E/∂x + cos(φ_1+φ_2) ∂E/∂y)
//	∂E/∂φ_1[t] = ∂E/∂φ_2[t] + l (-sin φ_1 ∂E/∂x + cos φ_1 ∂E/∂y)
//	∂E/∂ω_k[t] += dt Σ_{s≥t} ∂E/∂φ_k[s]
func MoveAdjoint[F tensor.Float](velocityGrad, angles, tipGrad []F) {
	var shoulder, elbow float64 // Σ ∂E/∂φ
	for i := len(velocityGrad) - 2; i >= 0; i -= 2 {
		gx, gy := float64(tipGrad[i]), float64(tipGrad[i+1])
		upperSin, upperCos := math.Sincos(float64(angles[i]))
		foreSin, foreCos := math.Sincos(float64(angles[i]) + float64(angles[i+1]))
		fore := linkLength * (foreCos*gy - foreSin*gx)
		shoulder += fore + linkLength*(upperCos*gy-upperSin*gx)
		elbow += fore
		velocityGrad[i] += F(stepSeconds * shoulder)
		velocityGrad[i+1] += F(stepSeconds * elbow)
	}
}
