import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace shorelog. */
export namespace shorelog {

    /**
     * Properties of a Topic.
     * @deprecated Use shorelog.Topic.$Properties instead.
     */
    interface ITopic extends shorelog.Topic.$Properties {
    }

    /** Represents a Topic. */
    class Topic {

        /**
         * Constructs a new Topic.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Topic.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Topic name. */
        name: string;

        /** Topic topicId. */
        topicId: string;

        /** Topic partitions. */
        partitions: number;

        /** Topic internal. */
        internal: boolean;

        /** Topic keepUnforwarded. */
        keepUnforwarded: boolean;

        /** Topic retentionMs. */
        retentionMs: number;

        /** Topic retentionBytes. */
        retentionBytes: number;

        /** Topic assignments. */
        assignments: shorelog.Assignment.$Properties[];

        /** Topic minInsyncReplicas. */
        minInsyncReplicas: number;

        /** Topic replicas. */
        replicas: number;

        /** Topic wanted. */
        wanted: shorelog.Assignment.$Properties[];

        /**
         * Encodes the specified Topic message. Does not implicitly {@link shorelog.Topic.verify|verify} messages.
         * @param message Topic message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Topic.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Topic message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Topic & shorelog.Topic.$Shape} Topic
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Topic & shorelog.Topic.$Shape;
    }

    namespace Topic {

        /** Properties of a Topic. */
        interface $Properties {

            /** Topic name */
            name?: (string|null);

            /** Topic topicId */
            topicId?: (string|null);

            /** Topic partitions */
            partitions?: (number|null);

            /** Topic internal */
            internal?: (boolean|null);

            /** Topic keepUnforwarded */
            keepUnforwarded?: (boolean|null);

            /** Topic retentionMs */
            retentionMs?: (number|null);

            /** Topic retentionBytes */
            retentionBytes?: (number|null);

            /** Topic assignments */
            assignments?: (shorelog.Assignment.$Properties[]|null);

            /** Topic minInsyncReplicas */
            minInsyncReplicas?: (number|null);

            /** Topic replicas */
            replicas?: (number|null);

            /** Topic wanted */
            wanted?: (shorelog.Assignment.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Topic. */
        type $Shape = shorelog.Topic.$Properties;
    }

    /**
     * Properties of an Assignment.
     * @deprecated Use shorelog.Assignment.$Properties instead.
     */
    interface IAssignment extends shorelog.Assignment.$Properties {
    }

    /** Represents an Assignment. */
    class Assignment {

        /**
         * Constructs a new Assignment.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Assignment.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Assignment replicas. */
        replicas: shorelog.AssignedReplica.$Properties[];

        /**
         * Encodes the specified Assignment message. Does not implicitly {@link shorelog.Assignment.verify|verify} messages.
         * @param message Assignment message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Assignment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Assignment message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Assignment & shorelog.Assignment.$Shape} Assignment
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Assignment & shorelog.Assignment.$Shape;
    }

    namespace Assignment {

        /** Properties of an Assignment. */
        interface $Properties {

            /** Assignment replicas */
            replicas?: (shorelog.AssignedReplica.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Assignment. */
        type $Shape = shorelog.Assignment.$Properties;
    }

    /**
     * Properties of an AssignedReplica.
     * @deprecated Use shorelog.AssignedReplica.$Properties instead.
     */
    interface IAssignedReplica extends shorelog.AssignedReplica.$Properties {
    }

    /** Represents an AssignedReplica. */
    class AssignedReplica {

        /**
         * Constructs a new AssignedReplica.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.AssignedReplica.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** AssignedReplica nodeId. */
        nodeId: number;

        /** AssignedReplica directoryId. */
        directoryId: string;

        /** AssignedReplica isWitness. */
        isWitness: boolean;

        /**
         * Encodes the specified AssignedReplica message. Does not implicitly {@link shorelog.AssignedReplica.verify|verify} messages.
         * @param message AssignedReplica message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.AssignedReplica.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an AssignedReplica message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.AssignedReplica & shorelog.AssignedReplica.$Shape} AssignedReplica
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.AssignedReplica & shorelog.AssignedReplica.$Shape;
    }

    namespace AssignedReplica {

        /** Properties of an AssignedReplica. */
        interface $Properties {

            /** AssignedReplica nodeId */
            nodeId?: (number|null);

            /** AssignedReplica directoryId */
            directoryId?: (string|null);

            /** AssignedReplica isWitness */
            isWitness?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an AssignedReplica. */
        type $Shape = shorelog.AssignedReplica.$Properties;
    }

    /**
     * Properties of a Member.
     * @deprecated Use shorelog.Member.$Properties instead.
     */
    interface IMember extends shorelog.Member.$Properties {
    }

    /** Represents a Member. */
    class Member {

        /**
         * Constructs a new Member.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Member.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Member nodeId. */
        nodeId: number;

        /** Member directoryId. */
        directoryId: string;

        /** Member isWitness. */
        isWitness: boolean;

        /**
         * Encodes the specified Member message. Does not implicitly {@link shorelog.Member.verify|verify} messages.
         * @param message Member message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Member.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Member message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Member & shorelog.Member.$Shape} Member
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Member & shorelog.Member.$Shape;
    }

    namespace Member {

        /** Properties of a Member. */
        interface $Properties {

            /** Member nodeId */
            nodeId?: (number|null);

            /** Member directoryId */
            directoryId?: (string|null);

            /** Member isWitness */
            isWitness?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Member. */
        type $Shape = shorelog.Member.$Properties;
    }

    /**
     * Properties of a GivenUp.
     * @deprecated Use shorelog.GivenUp.$Properties instead.
     */
    interface IGivenUp extends shorelog.GivenUp.$Properties {
    }

    /** Represents a GivenUp. */
    class GivenUp {

        /**
         * Constructs a new GivenUp.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.GivenUp.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** GivenUp nodeId. */
        nodeId: number;

        /** GivenUp promotionId. */
        promotionId: string;

        /** GivenUp atMs. */
        atMs: number;

        /**
         * Encodes the specified GivenUp message. Does not implicitly {@link shorelog.GivenUp.verify|verify} messages.
         * @param message GivenUp message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.GivenUp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a GivenUp message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.GivenUp & shorelog.GivenUp.$Shape} GivenUp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.GivenUp & shorelog.GivenUp.$Shape;
    }

    namespace GivenUp {

        /** Properties of a GivenUp. */
        interface $Properties {

            /** GivenUp nodeId */
            nodeId?: (number|null);

            /** GivenUp promotionId */
            promotionId?: (string|null);

            /** GivenUp atMs */
            atMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a GivenUp. */
        type $Shape = shorelog.GivenUp.$Properties;
    }

    /**
     * Properties of a Promoted.
     * @deprecated Use shorelog.Promoted.$Properties instead.
     */
    interface IPromoted extends shorelog.Promoted.$Properties {
    }

    /** Represents a Promoted. */
    class Promoted {

        /**
         * Constructs a new Promoted.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Promoted.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Promoted promotionId. */
        promotionId: string;

        /** Promoted nodeId. */
        nodeId: number;

        /** Promoted directoryId. */
        directoryId: string;

        /** Promoted cutOffset. */
        cutOffset: number;

        /** Promoted lastEpoch. */
        lastEpoch: number;

        /**
         * Encodes the specified Promoted message. Does not implicitly {@link shorelog.Promoted.verify|verify} messages.
         * @param message Promoted message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Promoted.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Promoted message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Promoted & shorelog.Promoted.$Shape} Promoted
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Promoted & shorelog.Promoted.$Shape;
    }

    namespace Promoted {

        /** Properties of a Promoted. */
        interface $Properties {

            /** Promoted promotionId */
            promotionId?: (string|null);

            /** Promoted nodeId */
            nodeId?: (number|null);

            /** Promoted directoryId */
            directoryId?: (string|null);

            /** Promoted cutOffset */
            cutOffset?: (number|null);

            /** Promoted lastEpoch */
            lastEpoch?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Promoted. */
        type $Shape = shorelog.Promoted.$Properties;
    }

    /**
     * Properties of a ProducerIdBlock.
     * @deprecated Use shorelog.ProducerIdBlock.$Properties instead.
     */
    interface IProducerIdBlock extends shorelog.ProducerIdBlock.$Properties {
    }

    /** Represents a ProducerIdBlock. */
    class ProducerIdBlock {

        /**
         * Constructs a new ProducerIdBlock.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.ProducerIdBlock.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ProducerIdBlock nextProducerId. */
        nextProducerId: number;

        /**
         * Encodes the specified ProducerIdBlock message. Does not implicitly {@link shorelog.ProducerIdBlock.verify|verify} messages.
         * @param message ProducerIdBlock message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.ProducerIdBlock.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ProducerIdBlock message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.ProducerIdBlock & shorelog.ProducerIdBlock.$Shape} ProducerIdBlock
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.ProducerIdBlock & shorelog.ProducerIdBlock.$Shape;
    }

    namespace ProducerIdBlock {

        /** Properties of a ProducerIdBlock. */
        interface $Properties {

            /** ProducerIdBlock nextProducerId */
            nextProducerId?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ProducerIdBlock. */
        type $Shape = shorelog.ProducerIdBlock.$Properties;
    }

    /**
     * Properties of a ForwardDecision.
     * @deprecated Use shorelog.ForwardDecision.$Properties instead.
     */
    interface IForwardDecision extends shorelog.ForwardDecision.$Properties {
    }

    /** Represents a ForwardDecision. */
    class ForwardDecision {

        /**
         * Constructs a new ForwardDecision.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.ForwardDecision.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ForwardDecision decisionId. */
        decisionId: string;

        /** ForwardDecision from. */
        from: string;

        /**
         * Encodes the specified ForwardDecision message. Does not implicitly {@link shorelog.ForwardDecision.verify|verify} messages.
         * @param message ForwardDecision message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.ForwardDecision.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ForwardDecision message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.ForwardDecision & shorelog.ForwardDecision.$Shape} ForwardDecision
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.ForwardDecision & shorelog.ForwardDecision.$Shape;
    }

    namespace ForwardDecision {

        /** Properties of a ForwardDecision. */
        interface $Properties {

            /** ForwardDecision decisionId */
            decisionId?: (string|null);

            /** ForwardDecision from */
            from?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ForwardDecision. */
        type $Shape = shorelog.ForwardDecision.$Properties;
    }

    /**
     * Properties of a Drop.
     * @deprecated Use shorelog.Drop.$Properties instead.
     */
    interface IDrop extends shorelog.Drop.$Properties {
    }

    /** Represents a Drop. */
    class Drop {

        /**
         * Constructs a new Drop.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Drop.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Drop topicId. */
        topicId: string;

        /** Drop partition. */
        partition: number;

        /** Drop from. */
        from: number;

        /** Drop to. */
        to: number;

        /** Drop reason. */
        reason: string;

        /** Drop count. */
        count: number;

        /** Drop lastForwarded. */
        lastForwarded?: (shorelog.BatchIdentity.$Properties|null);

        /** Drop leaderEpoch. */
        leaderEpoch: number;

        /** Drop removed. */
        removed: boolean;

        /**
         * Encodes the specified Drop message. Does not implicitly {@link shorelog.Drop.verify|verify} messages.
         * @param message Drop message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Drop.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Drop message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Drop & shorelog.Drop.$Shape} Drop
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Drop & shorelog.Drop.$Shape;
    }

    namespace Drop {

        /** Properties of a Drop. */
        interface $Properties {

            /** Drop topicId */
            topicId?: (string|null);

            /** Drop partition */
            partition?: (number|null);

            /** Drop from */
            from?: (number|null);

            /** Drop to */
            to?: (number|null);

            /** Drop reason */
            reason?: (string|null);

            /** Drop count */
            count?: (number|null);

            /** Drop lastForwarded */
            lastForwarded?: (shorelog.BatchIdentity.$Properties|null);

            /** Drop leaderEpoch */
            leaderEpoch?: (number|null);

            /** Drop removed */
            removed?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Drop. */
        type $Shape = shorelog.Drop.$Properties;
    }

    /**
     * Properties of a Dropped.
     * @deprecated Use shorelog.Dropped.$Properties instead.
     */
    interface IDropped extends shorelog.Dropped.$Properties {
    }

    /** Represents a Dropped. */
    class Dropped {

        /**
         * Constructs a new Dropped.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Dropped.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Dropped count. */
        count: number;

        /** Dropped leaderEpoch. */
        leaderEpoch: number;

        /**
         * Encodes the specified Dropped message. Does not implicitly {@link shorelog.Dropped.verify|verify} messages.
         * @param message Dropped message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Dropped.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Dropped message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Dropped & shorelog.Dropped.$Shape} Dropped
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Dropped & shorelog.Dropped.$Shape;
    }

    namespace Dropped {

        /** Properties of a Dropped. */
        interface $Properties {

            /** Dropped count */
            count?: (number|null);

            /** Dropped leaderEpoch */
            leaderEpoch?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Dropped. */
        type $Shape = shorelog.Dropped.$Properties;
    }

    /**
     * Properties of a Forwarded.
     * @deprecated Use shorelog.Forwarded.$Properties instead.
     */
    interface IForwarded extends shorelog.Forwarded.$Properties {
    }

    /** Represents a Forwarded. */
    class Forwarded {

        /**
         * Constructs a new Forwarded.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Forwarded.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Forwarded mark. */
        mark?: (shorelog.ForwardStand.$Properties|null);

        /** Forwarded attempt. */
        attempt?: (shorelog.ForwardStand.$Properties|null);

        /**
         * Encodes the specified Forwarded message. Does not implicitly {@link shorelog.Forwarded.verify|verify} messages.
         * @param message Forwarded message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Forwarded.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Forwarded message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Forwarded & shorelog.Forwarded.$Shape} Forwarded
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Forwarded & shorelog.Forwarded.$Shape;
    }

    namespace Forwarded {

        /** Properties of a Forwarded. */
        interface $Properties {

            /** Forwarded mark */
            mark?: (shorelog.ForwardStand.$Properties|null);

            /** Forwarded attempt */
            attempt?: (shorelog.ForwardStand.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Forwarded. */
        type $Shape = shorelog.Forwarded.$Properties;
    }

    /**
     * Properties of a ForwardStand.
     * @deprecated Use shorelog.ForwardStand.$Properties instead.
     */
    interface IForwardStand extends shorelog.ForwardStand.$Properties {
    }

    /** Represents a ForwardStand. */
    class ForwardStand {

        /**
         * Constructs a new ForwardStand.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.ForwardStand.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ForwardStand centralClusterId. */
        centralClusterId: string;

        /** ForwardStand forwardOffset. */
        forwardOffset: number;

        /** ForwardStand lastForwarded. */
        lastForwarded?: (shorelog.BatchIdentity.$Properties|null);

        /**
         * Encodes the specified ForwardStand message. Does not implicitly {@link shorelog.ForwardStand.verify|verify} messages.
         * @param message ForwardStand message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.ForwardStand.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ForwardStand message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.ForwardStand & shorelog.ForwardStand.$Shape} ForwardStand
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.ForwardStand & shorelog.ForwardStand.$Shape;
    }

    namespace ForwardStand {

        /** Properties of a ForwardStand. */
        interface $Properties {

            /** ForwardStand centralClusterId */
            centralClusterId?: (string|null);

            /** ForwardStand forwardOffset */
            forwardOffset?: (number|null);

            /** ForwardStand lastForwarded */
            lastForwarded?: (shorelog.BatchIdentity.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ForwardStand. */
        type $Shape = shorelog.ForwardStand.$Properties;
    }

    /**
     * Properties of a BatchIdentity.
     * @deprecated Use shorelog.BatchIdentity.$Properties instead.
     */
    interface IBatchIdentity extends shorelog.BatchIdentity.$Properties {
    }

    /** Represents a BatchIdentity. */
    class BatchIdentity {

        /**
         * Constructs a new BatchIdentity.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.BatchIdentity.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BatchIdentity leaderEpoch. */
        leaderEpoch: number;

        /** BatchIdentity baseOffset. */
        baseOffset: number;

        /** BatchIdentity crc. */
        crc: number;

        /**
         * Encodes the specified BatchIdentity message. Does not implicitly {@link shorelog.BatchIdentity.verify|verify} messages.
         * @param message BatchIdentity message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.BatchIdentity.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BatchIdentity message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.BatchIdentity & shorelog.BatchIdentity.$Shape} BatchIdentity
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.BatchIdentity & shorelog.BatchIdentity.$Shape;
    }

    namespace BatchIdentity {

        /** Properties of a BatchIdentity. */
        interface $Properties {

            /** BatchIdentity leaderEpoch */
            leaderEpoch?: (number|null);

            /** BatchIdentity baseOffset */
            baseOffset?: (number|null);

            /** BatchIdentity crc */
            crc?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BatchIdentity. */
        type $Shape = shorelog.BatchIdentity.$Properties;
    }

    /**
     * Properties of a Session.
     * @deprecated Use shorelog.Session.$Properties instead.
     */
    interface ISession extends shorelog.Session.$Properties {
    }

    /** Represents a Session. */
    class Session {

        /**
         * Constructs a new Session.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Session.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Session producerId. */
        producerId: number;

        /** Session producerEpoch. */
        producerEpoch: number;

        /** Session clean. */
        clean: boolean;

        /** Session owner. */
        owner?: (shorelog.SessionOwner.$Properties|null);

        /** Session after. */
        after?: (shorelog.SessionOwner.$Properties|null);

        /** Session change. */
        change: shorelog.SessionChange;

        /** Session hasEnded. */
        hasEnded: boolean;

        /**
         * Encodes the specified Session message. Does not implicitly {@link shorelog.Session.verify|verify} messages.
         * @param message Session message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Session.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Session message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Session & shorelog.Session.$Shape} Session
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Session & shorelog.Session.$Shape;
    }

    namespace Session {

        /** Properties of a Session. */
        interface $Properties {

            /** Session producerId */
            producerId?: (number|null);

            /** Session producerEpoch */
            producerEpoch?: (number|null);

            /** Session clean */
            clean?: (boolean|null);

            /** Session owner */
            owner?: (shorelog.SessionOwner.$Properties|null);

            /** Session after */
            after?: (shorelog.SessionOwner.$Properties|null);

            /** Session change */
            change?: (shorelog.SessionChange|null);

            /** Session hasEnded */
            hasEnded?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Session. */
        type $Shape = shorelog.Session.$Properties;
    }

    /**
     * Properties of a SessionOwner.
     * @deprecated Use shorelog.SessionOwner.$Properties instead.
     */
    interface ISessionOwner extends shorelog.SessionOwner.$Properties {
    }

    /** Represents a SessionOwner. */
    class SessionOwner {

        /**
         * Constructs a new SessionOwner.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.SessionOwner.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SessionOwner nodeId. */
        nodeId: number;

        /** SessionOwner counter. */
        counter: number;

        /**
         * Encodes the specified SessionOwner message. Does not implicitly {@link shorelog.SessionOwner.verify|verify} messages.
         * @param message SessionOwner message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.SessionOwner.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SessionOwner message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.SessionOwner & shorelog.SessionOwner.$Shape} SessionOwner
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.SessionOwner & shorelog.SessionOwner.$Shape;
    }

    namespace SessionOwner {

        /** Properties of a SessionOwner. */
        interface $Properties {

            /** SessionOwner nodeId */
            nodeId?: (number|null);

            /** SessionOwner counter */
            counter?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SessionOwner. */
        type $Shape = shorelog.SessionOwner.$Properties;
    }

    /** SessionChange enum. */
    enum SessionChange {

        /** SETS value */
        SETS = 0,

        /** TAKES value */
        TAKES = 1,

        /** UPDATES value */
        UPDATES = 2,

        /** REMOVES value */
        REMOVES = 3
    }

    /**
     * Properties of an OpenIdentifier.
     * @deprecated Use shorelog.OpenIdentifier.$Properties instead.
     */
    interface IOpenIdentifier extends shorelog.OpenIdentifier.$Properties {
    }

    /** Represents an OpenIdentifier. */
    class OpenIdentifier {

        /**
         * Constructs a new OpenIdentifier.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.OpenIdentifier.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** OpenIdentifier topicId. */
        topicId: string;

        /** OpenIdentifier partition. */
        partition: number;

        /** OpenIdentifier producerId. */
        producerId: number;

        /** OpenIdentifier producerEpoch. */
        producerEpoch: number;

        /** OpenIdentifier baseSequence. */
        baseSequence: number;

        /** OpenIdentifier owner. */
        owner?: (shorelog.SessionOwner.$Properties|null);

        /** OpenIdentifier removed. */
        removed: boolean;

        /**
         * Encodes the specified OpenIdentifier message. Does not implicitly {@link shorelog.OpenIdentifier.verify|verify} messages.
         * @param message OpenIdentifier message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.OpenIdentifier.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an OpenIdentifier message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.OpenIdentifier & shorelog.OpenIdentifier.$Shape} OpenIdentifier
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.OpenIdentifier & shorelog.OpenIdentifier.$Shape;
    }

    namespace OpenIdentifier {

        /** Properties of an OpenIdentifier. */
        interface $Properties {

            /** OpenIdentifier topicId */
            topicId?: (string|null);

            /** OpenIdentifier partition */
            partition?: (number|null);

            /** OpenIdentifier producerId */
            producerId?: (number|null);

            /** OpenIdentifier producerEpoch */
            producerEpoch?: (number|null);

            /** OpenIdentifier baseSequence */
            baseSequence?: (number|null);

            /** OpenIdentifier owner */
            owner?: (shorelog.SessionOwner.$Properties|null);

            /** OpenIdentifier removed */
            removed?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an OpenIdentifier. */
        type $Shape = shorelog.OpenIdentifier.$Properties;
    }

    /**
     * Properties of a Cursor.
     * @deprecated Use shorelog.Cursor.$Properties instead.
     */
    interface ICursor extends shorelog.Cursor.$Properties {
    }

    /** Represents a Cursor. */
    class Cursor {

        /**
         * Constructs a new Cursor.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Cursor.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Cursor version. */
        version: number;

        /** Cursor forwardOffset. */
        forwardOffset: number;

        /** Cursor edgeLeaderEpoch. */
        edgeLeaderEpoch: number;

        /** Cursor lastForwarded. */
        lastForwarded?: (shorelog.BatchIdentity.$Properties|null);

        /** Cursor topic. */
        topic: string;

        /** Cursor nodeId. */
        nodeId: number;

        /** Cursor writtenAtMs. */
        writtenAtMs: number;

        /** Cursor decisionId. */
        decisionId: string;

        /**
         * Encodes the specified Cursor message. Does not implicitly {@link shorelog.Cursor.verify|verify} messages.
         * @param message Cursor message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Cursor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Cursor message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Cursor & shorelog.Cursor.$Shape} Cursor
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Cursor & shorelog.Cursor.$Shape;
    }

    namespace Cursor {

        /** Properties of a Cursor. */
        interface $Properties {

            /** Cursor version */
            version?: (number|null);

            /** Cursor forwardOffset */
            forwardOffset?: (number|null);

            /** Cursor edgeLeaderEpoch */
            edgeLeaderEpoch?: (number|null);

            /** Cursor lastForwarded */
            lastForwarded?: (shorelog.BatchIdentity.$Properties|null);

            /** Cursor topic */
            topic?: (string|null);

            /** Cursor nodeId */
            nodeId?: (number|null);

            /** Cursor writtenAtMs */
            writtenAtMs?: (number|null);

            /** Cursor decisionId */
            decisionId?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Cursor. */
        type $Shape = shorelog.Cursor.$Properties;
    }

    /**
     * Properties of a Gap.
     * @deprecated Use shorelog.Gap.$Properties instead.
     */
    interface IGap extends shorelog.Gap.$Properties {
    }

    /** Represents a Gap. */
    class Gap {

        /**
         * Constructs a new Gap.
         * @param [properties] Properties to set
         */
        constructor(properties?: shorelog.Gap.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Gap from. */
        from: number;

        /** Gap to. */
        to: number;

        /** Gap leaderEpoch. */
        leaderEpoch: number;

        /** Gap reason. */
        reason: string;

        /** Gap count. */
        count: number;

        /**
         * Encodes the specified Gap message. Does not implicitly {@link shorelog.Gap.verify|verify} messages.
         * @param message Gap message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: shorelog.Gap.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Gap message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {shorelog.Gap & shorelog.Gap.$Shape} Gap
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): shorelog.Gap & shorelog.Gap.$Shape;
    }

    namespace Gap {

        /** Properties of a Gap. */
        interface $Properties {

            /** Gap from */
            from?: (number|null);

            /** Gap to */
            to?: (number|null);

            /** Gap leaderEpoch */
            leaderEpoch?: (number|null);

            /** Gap reason */
            reason?: (string|null);

            /** Gap count */
            count?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Gap. */
        type $Shape = shorelog.Gap.$Properties;
    }
}
