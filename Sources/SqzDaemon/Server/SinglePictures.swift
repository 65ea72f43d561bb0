internal import NIOCore
internal import SqzProtocol
internal import Varlink

/// Answers calls of Classify with one picture of a loaded model, which are most of all calls, in the event loop itself: a task's turns
/// would take more time than all else that the daemon does for one. What it does not take goes to the connection's task, and so
/// does all that comes while that has something in hand: nothing overtakes anything.
final class SinglePictures: ChannelDuplexHandler {
    typealias InboundIn = Frame
    typealias InboundOut = Frame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What came while a call was in hand.
    private enum Held {
        case frame(Frame)
        case error(any Error)
        case event(Any)
    }

    private let peer: Peer
    private let handlers: Handlers
    private let mode: ConnectionMode
    private let memory: MemoryReturn
    /// The call in hand.
    private var asked: Handlers.SinglePicture?
    private var held = CircularBuffer<Held>()
    private var isReadHeld = false
    private var context: ChannelHandlerContext?

    init(_ handlers: Handlers, of peer: Peer, _ mode: ConnectionMode, _ memory: MemoryReturn) {
        (self.handlers, self.peer, self.mode, self.memory) = (handlers, peer, mode, memory)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// A client that does not read its replies waits with its next call.
    private func isBusy(_ context: ChannelHandlerContext) -> Bool { asked != nil || !context.channel.isWritable }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hold(.frame(unwrapInboundIn(data)), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { hold(.error(error), context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { hold(.event(event), context) }

    private func hold(_ something: Held, _ context: ChannelHandlerContext) {
        if isBusy(context) || !held.isEmpty { held.append(something) } else { take(something, context) }
    }

    private func take(_ something: Held, _ context: ChannelHandlerContext) {
        switch something {
        case .frame(let frame): take(frame, context)
        case .error(let error): context.fireErrorCaught(error)
        case .event(let event): context.fireUserInboundEventTriggered(event)
        }
    }

    private func take(_ frame: Frame, _ context: ChannelHandlerContext) {
        // A larger one draws on the budget of messages, and takes long to parse.
        guard !frame.isRaw, !mode.isAnswering, frame.bytes.readableBytes <= MessageBudget.free else {
            return pass(frame, context)
        }
        // What is no call is told of where all others are read.
        guard let call = try? frame.call() else { return pass(frame, context) }
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let begun = handlers.begin(call, from: peer) { outcome in
            loop.execute {
                let (handler, context) = handler.value
                handler.answer(outcome, context)
            }
        }
        guard let begun else { return pass(frame.parsed(as: call), context) }
        asked = begun
    }

    private func pass(_ frame: Frame, _ context: ChannelHandlerContext) {
        if !frame.isRaw { mode.beginAnswer() }
        context.fireChannelRead(wrapInboundOut(frame))
    }

    private func answer(_ outcome: Result<WarmModel.Answer, any Error>, _ context: ChannelHandlerContext) {
        guard let call = asked else { return }
        asked = nil
        do {
            let reply = try handlers.end(call, outcome)
            memory.freed(reply.readableBytes)
            context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
        } catch {
            // Its caller is gone, or there is no way to tell it anything.
            context.close(promise: nil)
        }
        goOn(context)
    }

    private func goOn(_ context: ChannelHandlerContext) {
        guard !isBusy(context) else { return }
        var hasPassed = false
        while !isBusy(context), let next = held.popFirst() {
            take(next, context)
            hasPassed = true
        }
        if hasPassed { context.fireChannelReadComplete() }
        if isReadHeld, !isBusy(context) {
            isReadHeld = false
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        if isBusy(context) { isReadHeld = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.fireChannelWritabilityChanged()
        goOn(context)
    }

    /// Whoever goes away takes its picture out of the queue.
    func channelInactive(context: ChannelHandlerContext) {
        let call = asked
        asked = nil
        held.removeAll()
        call?.cancel()
        context.fireChannelInactive()
    }

    /// Answers what is in hand that there is no more time, if there is something.
    func giveUp() {
        guard let call = asked, let context else { return }
        call.cancel()
        answer(.failure(SqzError.stopping), context)
    }
}
