package route_test

import (
	"fmt"

	"github.com/xelpack/xelpack/pkg/route"
)

func ExampleRead() {
	routes, notes, err := route.Read("testdata/plan.gpx")
	if err != nil {
		panic(err)
	}
	for _, p := range routes[0].Profile() {
		fmt.Printf("%.2f N %.2f E at %.0f m\n", p.Lat(), p.Lon(), p.Altitude)
	}
	for _, note := range notes {
		fmt.Println("note:", note)
	}
	// Output:
	// 53.63 N 9.99 E at 0 m
	// 53.94 N 10.67 E at 2743 m
	// 54.31 N 11.01 E at 2743 m
	// 54.95 N 12.16 E at 2743 m
	// 55.62 N 12.66 E at 0 m
	// note: 1 track (trk) left out: the routes (rte) of the file are used
	// note: 1 waypoint (wpt) left out: they are on no route
}
