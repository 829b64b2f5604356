;;; explog-review.el --- Lists of edits to be looked through  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What the buffers of `explog-backfill' and `explog-check' share.  They
;; send the server a request that may take a while, show its progress, and
;; list items that one can visit.  An item is the value of the text
;; property `explog-review-item'.

;;; Code:

(require 'explog-base)
(require 'explog-edit)
(require 'explog-log)
(require 'explog-search)
(require 'explog-server)
(require 'explog-settings)
(require 'explog-steps)
(require 'explog-visit)
(require 'seq)
(require 'subr-x)

(defface explog-review-heading '((t :inherit (bold font-lock-function-name-face)))
  "A heading above lines that belong together."
  :group 'explog)

(defface explog-review-where '((t :inherit shadow))
  "The place of something, a file and a line."
  :group 'explog)

(defface explog-review-problem '((t :inherit warning))
  "The reason why something was not done."
  :group 'explog)

;;;; Requests

(defvar-local explog-review-busy nil
  "The request that is pending, (WHAT . TIMER), or nil.")

(defvar-local explog-review-summary ""
  "The header line while no request is pending.")

(defvar explog-review--patience 3600
  "Seconds after which a request has failed.")

(defun explog-review-open (name mode ask)
  "Show the buffer NAME in MODE, and call ASK there.
Do not call ASK if a request is pending already."
  (explog-need-mode)
  (let ((buffer (get-buffer-create name)))
    (with-current-buffer buffer
      (unless (derived-mode-p mode)
        (funcall mode))
      (unless explog-review-busy
        (funcall ask)))
    (pop-to-buffer buffer)))

(defun explog-review-mode-on ()
  "Set up the current buffer, which is read-only, for requests and items."
  (setq-local header-line-format '(:eval (explog-review--header)))
  (setq-local next-error-function #'explog-review--next-error)
  (add-hook 'kill-buffer-hook #'explog-review--idle nil t))

(defun explog-review--header ()
  "Return the text of the header line."
  (string-replace "%" "%%" (or (car explog-review-busy) explog-review-summary)))

(defun explog-review-ask (method args what done &optional failed)
  "Call METHOD of the server with ARGS for the current buffer.
Meanwhile, the header line is WHAT.  At the end, if the buffer still
exists, call DONE there with the result, or FAILED with the error.  If
FAILED is nil, display the error in the header line."
  (explog-need-mode)
  (when explog-review-busy
    (user-error "%s" (car explog-review-busy)))
  (let ((buffer (current-buffer)))
    (setq explog-review-busy
          (cons what (run-with-timer 0.5 0.5 #'explog-review--progress buffer what)))
    (force-mode-line-update)
    (explog-settings-call
     method args
     :timeout explog-review--patience
     :success (apply-partially #'explog-review--end buffer done)
     :error (apply-partially #'explog-review--end buffer
                             (or failed #'explog-review-failed)))))

(defun explog-review--end (buffer function value)
  "Call FUNCTION with VALUE in BUFFER, whose request has ended."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (explog-review--idle)
      (funcall function value)
      (force-mode-line-update))))

(defun explog-review--idle ()
  "Note that no request of the current buffer is pending."
  (when-let ((timer (cdr explog-review-busy)))
    (cancel-timer timer))
  (setq explog-review-busy nil))

(defun explog-review-failed (problem)
  "Display PROBLEM, an error of the server."
  (let ((text (plist-get problem :message)))
    (setq explog-review-summary
          (concat (propertize text 'face 'explog-review-problem)
                  (substitute-command-keys "  (\\[revert-buffer]: again)")))
    (message "explog: %s" text)))

(defun explog-review--progress (buffer what)
  "Display WHAT and the server's progress in the header line of BUFFER."
  (when (and (buffer-live-p buffer) (explog-server-ready-p))
    (explog-server-call
     "status" nil
     :error #'ignore
     :success
     (lambda (status)
       (when (buffer-live-p buffer)
         (with-current-buffer buffer
           (when explog-review-busy
             (let ((progress (plist-get status :progress)))
               (setcar explog-review-busy
                       (if (member progress '(nil ""))
                           what
                         (format "%s (reading %s)" what progress))))
             (force-mode-line-update))))))))

;;;; Items

(defun explog-review-item ()
  "Return the item on the current line, or nil."
  (get-text-property (line-beginning-position) 'explog-review-item))

(defun explog-review-next (&optional count)
  "Go to the next item, or to the COUNTth."
  (interactive "p")
  (let ((count (or count 1)) (start (point)))
    (unless (explog-review-move count)
      (goto-char start)
      (user-error (if (< count 0) "This is the first" "This is the last")))))

(defun explog-review-previous (&optional count)
  "Go to the previous item, or to the COUNTth."
  (interactive "p")
  (explog-review-next (- (or count 1))))

(defun explog-review-move (count)
  "Move COUNT items forward, or backward if COUNT is negative.
Return nil if there are not so many."
  (let ((step (if (< count 0) -1 1)) (found t))
    (dotimes (_ (abs count))
      (let ((item (explog-review-item)))
        (while (and (setq found (and (zerop (forward-line step)) (not (eobp))))
                    (let ((other (explog-review-item)))
                      (or (not other) (eq other item)))))))
    (when found
      (explog-review--to-start))
    found))

(defun explog-review--to-start ()
  "Go to the first line of the item at point."
  (let ((item (explog-review-item)))
    (beginning-of-line)
    (while (and (not (bobp))
                (eq item (get-text-property (line-beginning-position 0)
                                            'explog-review-item)))
      (forward-line -1))))

(defun explog-review-first ()
  "Go to the first item, if there is one."
  (goto-char (point-min))
  (unless (explog-review-item)
    (explog-review-move 1)))

(defun explog-review--next-error (count &optional reset)
  "Visit the COUNTth item from here, or from the first if RESET."
  (when reset
    (goto-char (point-min)))
  (explog-review-next count)
  (when-let ((window (get-buffer-window)))
    (set-window-point window (point)))
  (call-interactively (key-binding (kbd "RET"))))

;;;; Visiting

(defun explog-review-visit (file line &optional id step)
  "Go to LINE of FILE in another window, or to where that line is now.
ID and STEP are the experiment and the step number there, or nil."
  (unless (file-readable-p file)
    (user-error "%s cannot be read" (abbreviate-file-name file)))
  (setq next-error-last-buffer (current-buffer))
  (let ((buffer (find-file-noselect file)))
    (pop-to-buffer buffer t)
    (let ((place (explog-review--place line id step)))
      (unless (<= (point-min) place (point-max))
        (widen))
      (goto-char place)
      (explog-visit-unfold)
      (recenter))))

(defun explog-review--place (line id step)
  "Return the position of LINE, or of STEP of experiment ID, in this buffer.
In a modified buffer, it may be on another line than in the file."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (point-min))
      (forward-line (1- (or line 1)))
      (let ((heading (and id (buffer-modified-p)
                          (explog-review--nearest (explog-log-places id)))))
        (when heading
          (goto-char heading)
          (when-let ((place (and step (derived-mode-p 'org-mode)
                                 (explog-steps-position step))))
            (goto-char place)))
        (point)))))

(defun explog-review--nearest (places)
  "Return the one of PLACES that is nearest to point."
  (let ((here (point)))
    (car (sort places (lambda (a b) (< (abs (- a here)) (abs (- b here))))))))

(defun explog-review-show-commit (repository commit)
  "Show COMMIT, a full id, of REPOSITORY."
  (setq next-error-last-buffer (current-buffer))
  (explog-search-visit-commit repository commit))

;;;; Changed lines

(defun explog-review-pieces (old new)
  "Return where OLD and NEW differ, a list of (FROM TO NEW-FROM NEW-TO)."
  (let ((shift 0))
    (mapcar (pcase-lambda (`(,from ,to ,text))
              (prog1 (list from to (+ from shift) (+ from shift (length text)))
                (setq shift (+ shift (length text) (- from to)))))
            (explog-edit-changes old new 0))))

(defun explog-review-change (old new margin)
  "Return the two lines of a diff from OLD to NEW, each after MARGIN."
  (require 'diff-mode)
  (let ((before (propertize (concat "-" old) 'face 'diff-removed))
        (after (propertize (concat "+" new) 'face 'diff-added)))
    (pcase-dolist (`(,from ,to ,new-from ,new-to) (explog-review-pieces old new))
      (add-face-text-property (1+ from) (1+ to) 'diff-refine-removed nil before)
      (add-face-text-property (1+ new-from) (1+ new-to) 'diff-refine-added nil after))
    (concat margin before "\n" margin after "\n")))

(provide 'explog-review)
;;; explog-review.el ends here
