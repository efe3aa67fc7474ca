package mqtt_test

import (
	"encoding/binary"
	"net"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/depthwire/depthwire/dial/internal/suite"
)

// A broker that announces more than it should.
func TestLargeMessages(t *testing.T) {
	const topic = "s3cret"
	suite.Liar{
		Largest: 256<<20 - 1 - 2 - len(topic), // the most that MQTT knows
		Address: func(host string) string { return "mqtt://test:s3cret@" + host + "/" + topic + "?qos=0&client=x" },
		Serve: func(c net.Conn, size int) {
			for {
				packet, err := packets.ReadPacket(c)
				if err != nil {
					return
				}
				switch p := packet.(type) {
				case *packets.ConnectPacket:
					packets.NewControlPacket(packets.Connack).Write(c)
				case *packets.UnsubscribePacket:
					answer := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
					answer.MessageID = p.MessageID
					answer.Write(c)
				case *packets.SubscribePacket:
					answer := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
					answer.MessageID, answer.ReturnCodes = p.MessageID, []byte{0}
					answer.Write(c)
					c.Write(head(topic, size))
					if suite.Body(c, size) != nil {
						return
					}
				}
			}
		},
	}.Run(t)
}

// head is the beginning of a message of QoS 0.
func head(topic string, size int) []byte {
	b := binary.AppendUvarint([]byte{0x30}, uint64(2+len(topic)+size))
	b = binary.BigEndian.AppendUint16(b, uint16(len(topic)))
	return append(b, topic...)
}
