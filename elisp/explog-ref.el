;;; explog-ref.el --- References to experiments are alive  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What is a reference, `[e201.1]', which one is at point, and what there
;; is to say of it.  The server finds references by the same rules
;; (refs.py); what both must agree on stands in tests/data/references.json.
;;
;; `explog-ref-mode' makes buttons of the references in a buffer, and in a
;; log of the hashes on steps too.  A mouse click or \`C-c RET' goes there;
;; eldoc and a tooltip say what it is; xref finds the step, and all
;; commits.  `global-explog-ref-mode' turns it on wherever there is text.
;;
;; The buttons are overlays, made as text comes into view, so that the text
;; properties of magit and font-lock stay as they are, and buffers without
;; font-lock have buttons too.  All overlays of one reference share a
;; category, a symbol with properties: what the server says of it later
;; shows everywhere at once, and no buffer is gone through.

;;; Code:

(require 'explog-base)
(require 'explog-cache)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-steps)
(require 'seq)
(require 'subr-x)

(autoload 'explog-search-visit-commit "explog-search")
(autoload 'explog-visit-goto "explog-visit")
(autoload 'explog-xref-backend "explog-xref")

(defvar org-open-at-point-functions)

;;;; The grammar

(defconst explog-ref-regexp
  (concat "\\[e\\([0-9][0-9A-Za-z_-]\\{0,63\\}\\)"
          "\\(?:\\.\\([0-9]\\{1,6\\}\\(?:\\.[0-9]\\{1,6\\}\\)\\{0,7\\}\\)\\)?\\]")
  "Matches a reference, with `case-fold-search' nil.
Its groups are the id and the step.  What stands before it counts as
well; see `explog-ref-match'.")

(defconst explog-ref-longest 130
  "More characters than a reference, or a hash on a step, can have.")

(defconst explog-ref--url-chars "^ \t\r\n\"<>`)"
  "The characters of a URL, as `skip-chars-backward' wants them.")

(defconst explog-ref--url-regexp "[[:alnum:]]://\\|\\(?:\\`\\|[^[:alnum:]]\\)www\\."
  "Matches where a URL begins.")

(defconst explog-ref--longest-url 500
  "How many characters before a reference are looked at for a URL.")

(defun explog-ref-match ()
  "Return (ID . STEP) for what `explog-ref-regexp' matched just now, or nil.
STEP is a string like \"1.2\", or nil.  It is no reference if it stands
in a longer word, as in `weights[e2]', or in a URL."
  (let ((start (match-beginning 0)))
    (unless (or (explog-ref--word-p (char-before start))
                (explog-ref--in-url-p start))
      (cons (match-string-no-properties 1)
            (when-let ((step (match-string-no-properties 2)))
              (explog-ref--step step))))))

(defun explog-ref--word-p (char)
  "Return non-nil if CHAR is an ASCII letter, a digit or an underscore."
  (and char
       (or (<= ?a char ?z) (<= ?A char ?Z) (<= ?0 char ?9) (= char ?_))))

(defun explog-ref--in-url-p (position)
  "Return non-nil if POSITION is inside a URL."
  (let ((start (save-excursion
                 (goto-char position)
                 (skip-chars-backward explog-ref--url-chars
                                      (max (point-min)
                                           (- position explog-ref--longest-url)))
                 (point))))
    (and (< start position)             ; mostly there is a blank before it
         (string-match-p explog-ref--url-regexp
                         (buffer-substring-no-properties start position)))))

(defun explog-ref--step (text)
  "Return TEXT, the number of a step, without leading zeros."
  (if (string-match-p "\\(?:\\`\\|\\.\\)0" text)
      (save-match-data
        (replace-regexp-in-string "\\(\\`\\|\\.\\)0+\\([0-9]\\)" "\\1\\2" text))
    text))

(defun explog-ref-string (id &optional step)
  "Return how experiment ID, or its STEP, is referred to, without brackets."
  (concat "e" id (if step (concat "." step) "")))

(defun explog-ref-parse (text)
  "Return (ID . STEP) for TEXT as \"e201.1\", \"201.1\" or \"[e201.1]\", or nil."
  (with-temp-buffer
    (let ((case-fold-search nil))
      (insert "[e" (string-trim text "\\[?e?" "\\]") "]")
      (goto-char (point-min))
      (and (looking-at explog-ref-regexp)
           (= (match-end 0) (point-max))
           (explog-ref-match)))))

(defun explog-ref-in-message (message)
  "Return the references of a commit's MESSAGE, each once, as (ID . STEP).
Those further down count only where the subject has none."
  (with-temp-buffer
    (insert (string-trim-left message))
    (goto-char (point-min))
    (let ((case-fold-search nil) (subject (line-end-position)) found)
      (while (re-search-forward explog-ref-regexp
                                (and found (<= (point) subject) subject) t)
        (when-let ((reference (explog-ref-match)))
          (push reference found)))
      (delete-dups (nreverse found)))))

;;;; What is at point

(defun explog-ref-here ()
  "Return (ID STEP BEG END) for the reference that point is on, or nil.
Point may also be right behind it."
  (let ((case-fold-search nil)
        (here (point))
        (limit (min (line-end-position) (+ (point) explog-ref-longest)))
        (found nil))
    (save-excursion
      (save-match-data
        (goto-char (max (line-beginning-position) (- here explog-ref-longest)))
        (while (and (not found)
                    (re-search-forward explog-ref-regexp limit t)
                    (<= (match-beginning 0) here))
          (when-let ((reference (and (<= here (match-end 0)) (explog-ref-match))))
            ;; Between two of them, the one behind point is meant.
            (unless (and (= here (match-end 0))
                         (looking-at explog-ref-regexp))
              (setq found (list (car reference) (cdr reference)
                                (match-beginning 0) (match-end 0))))))
        found))))

;;;###autoload
(defun explog-ref-at-point ()
  "Return (ID . STEP) of the reference at point, or nil.
STEP is a string like \"1.2\", or nil for the whole experiment.  In a
log it may also be the experiment that point is in, and the step if
point is in one."
  (pcase (explog-ref-here)
    (`(,id ,step ,_ ,_) (cons id step))
    (_ (explog-ref-in-log))))

(defun explog-ref-in-log ()
  "Return (ID . STEP) of the experiment and step in a log that point is in, or nil."
  (when (and (derived-mode-p 'org-mode) (explog-log-here-p))
    (save-excursion
      (save-restriction
        (widen)
        (let ((here (line-beginning-position)))
          (when-let ((heading (explog-ref-experiment-heading)))
            (goto-char heading)
            (cons (explog-heading-experiment-id) (explog-steps-at here))))))))

(defun explog-ref-experiment-heading ()
  "Return where the heading of the experiment is that point is in, or nil.
The buffer is one with headings as in Org mode."
  (save-excursion
    (goto-char (line-end-position))
    (let ((heading (and (re-search-backward "^\\*+ " nil t) (point))))
      (while (and heading
                  (progn (goto-char heading)
                         (not (explog-heading-experiment-id))))
        (setq heading (explog-heading-parent)))
      heading)))

;;;; What there is to say

(defun explog-ref-state (id &optional step)
  "Return what is known of experiment ID, and of its STEP if non-nil.
That is `known', `unknown', `other' if that is most likely no reference,
as `[e2e]', or nil as long as it is being asked for."
  (pcase (explog-cache-get id)
    ((and (pred symbolp) state) state)
    (experiment (if (or (null step) (explog-cache-find-step experiment step))
                    'known
                  'unknown))))

(defun explog-ref-describe (id &optional step)
  "Return one line about experiment ID, or its STEP if non-nil.
Return nil if nothing is known yet, as it is then being asked for, and
if that is no reference."
  (pcase (explog-cache-get id)
    ((or 'nil 'other) nil)
    ('unknown
     (string-join (cons (format "No log has experiment %s" id)
                        (explog-cache-problems))
                  " · "))
    (experiment
     (string-join
      (delq nil
            (list (explog-cache-experiment-title experiment)
                  (if step
                      (explog-ref--describe-step experiment step)
                    (explog-ref--describe-progress experiment))
                  (and (explog-cache-experiment-archived experiment) "archived")
                  (explog-cache-experiment-problem experiment)))
      " · "))))

(defun explog-ref--describe-step (experiment number)
  "Return what there is to say of the step NUMBER of EXPERIMENT."
  (if-let ((step (explog-cache-find-step experiment number)))
      (string-join (delq nil (list number
                                   (explog-cache-step-text step)
                                   (explog-ref--box (explog-cache-step-box step))
                                   (explog-cache-step-hash step)))
                   " ")
    (format "there is no step %s" number)))

(defun explog-ref--describe-progress (experiment)
  "Return how far EXPERIMENT is, or nil if it does not say."
  (let ((ticked 0) (boxes 0))
    (dolist (step (explog-cache-experiment-steps experiment))
      (when-let ((box (explog-cache-step-box step)))
        (setq boxes (1+ boxes))
        (when (equal box "X")
          (setq ticked (1+ ticked)))))
    (let ((todo (explog-cache-experiment-todo experiment))
          (count (unless (zerop boxes) (format "[%d/%d]" ticked boxes))))
      (and (or todo count)
           (string-join (delq nil (list todo count)) " ")))))

(defun explog-ref--box (box)
  "Return a sign for BOX, the state of a checkbox."
  (pcase box
    ("X" (if (char-displayable-p ?☑) "☑" "[X]"))
    ('nil nil)
    (_ (if (char-displayable-p ?☐) "☐" (format "[%s]" box)))))

;;;; Buttons

(defface explog-ref '((t :inherit link))
  "A reference to an experiment."
  :group 'explog)

(defface explog-ref-unknown '((t :inherit warning :underline (:style wave)))
  "A reference to an experiment or a step that no log has."
  :group 'explog)

(defface explog-ref-hash '((t :inherit link))
  "The hash of a commit on a step."
  :group 'explog)

;;;; What a button is

(defvar explog-ref--categories
  (make-hash-table :test #'equal :weakness 'value)
  "Maps (ID STEP HASH) to the category of its overlays.
It is there as long as one of them is.")

(defvar explog-ref-button-map
  (let ((map (make-sparse-keymap)))
    (define-key map [mouse-2] #'explog-ref-visit)
    (define-key map (kbd "C-c RET") #'explog-ref-visit)
    (define-key map (kbd "RET")
      '(menu-item "" explog-ref-visit :filter explog-ref--return))
    map)
  "The keys of a reference or a hash that is a button.
RET is one of them only in buffers that can not be edited, and whose
mode has no use for it.")

(defun explog-ref--return (command)
  "Return COMMAND if RET would do nothing else of use here."
  (let ((other (or (seq-some (lambda (binding)
                               (let ((key (cdr binding)))
                                 (and (commandp key) key)))
                             (minor-mode-key-binding (kbd "RET")))
                   (local-key-binding (kbd "RET")))))
    (and buffer-read-only
         (memq other '(nil newline undefined))
         command)))

(defun explog-ref--category (id step hash)
  "Return the category of the buttons for STEP, or for HASH, of experiment ID."
  (let ((key (list id step hash)))
    (or (gethash key explog-ref--categories)
        (let ((category (make-symbol (string-join (delq nil (list id step hash)) " "))))
          (setplist category (list 'explog-ref-target key
                                   'help-echo #'explog-ref--help-echo))
          (explog-ref--refresh category)
          (puthash key category explog-ref--categories)))))

(defun explog-ref--refresh (category)
  "Give CATEGORY the properties that fit what is known."
  (pcase-let* ((`(,id ,step ,hash) (get category 'explog-ref-target))
               (state (if hash
                          (if (explog-ref--commit id hash) 'known 'other)
                        (explog-ref-state id step)))
               (face (pcase state
                       ('other nil)
                       ('unknown 'explog-ref-unknown)
                       (_ (if hash 'explog-ref-hash 'explog-ref)))))
    (put category 'explog-ref-known (eq state 'known))
    (put category 'face face)
    (put category 'mouse-face (and face 'highlight))
    (put category 'follow-link (and face t))
    (put category 'keymap (and face explog-ref-button-map))))

(defun explog-ref--commit (id hash)
  "Return the step of experiment ID whose HASH is that of a known commit, or nil."
  (seq-find (lambda (step)
              (and (equal hash (explog-cache-step-hash step))
                   (explog-cache-step-commit step)))
            (explog-cache-steps-of (explog-cache-get id))))

;;;; Making them

(defvar explog-ref--before nil
  "The buttons that were there before, while they are made anew.")

(defun explog-ref-button-fontify (beg end)
  "Make buttons of what there is between BEG and END.
This runs during redisplay: it looks at nothing but the text around and
what is known already."
  ;; Where there are thousands of overlays this makes those here ten times
  ;; as fast, up to Emacs 28; later it does nothing.
  (overlay-recenter end)
  (let ((case-fold-search nil)
        (explog-ref--before (explog-ref--in beg end)))
    (explog-ref--fontify-references beg end)
    (when (and (derived-mode-p 'org-mode) (explog-log-buffer-p))
      (explog-ref--fontify-hashes beg end))
    (mapc #'delete-overlay explog-ref--before)))

(defun explog-ref--in (beg end)
  "Return the buttons between BEG and END."
  (seq-filter (lambda (overlay) (overlay-get overlay 'explog-ref-target))
              (overlays-in beg end)))

(defmacro explog-ref--do-matches (regexp beg end &rest body)
  "Do BODY at each match of REGEXP that has a character between BEG and END."
  (declare (indent 3) (debug t))
  (let ((from (make-symbol "beg")) (to (make-symbol "end")) (limit (make-symbol "limit")))
    `(let* ((,from ,beg) (,to ,end)
            (,limit (min (point-max) (+ ,to explog-ref-longest))))
       (goto-char (max (point-min) (- ,from explog-ref-longest)))
       (while (and (< (point) ,to)
                   (re-search-forward ,regexp ,limit t))
         (when (and (< ,from (match-end 0)) (< (match-beginning 0) ,to))
           ,@body)))))

(defun explog-ref--fontify-references (beg end)
  "Make buttons of the references between BEG and END."
  (explog-ref--do-matches explog-ref-regexp beg end
    (when-let ((reference (explog-ref-match)))
      (explog-ref--make (match-beginning 0) (match-end 0)
                        (car reference) (cdr reference) nil))))

(defun explog-ref--fontify-hashes (beg end)
  "Make buttons of the hashes between BEG and END that may be those of commits.
They only look like buttons where a step has it and the commit is known."
  (let (heading id)
    (explog-ref--do-matches "(\\([0-9a-f]\\{7,64\\}\\))[ \t\r]*$" beg end
      (let ((hash (match-string-no-properties 1))
            (from (match-beginning 1))
            (to (match-end 1))
            (above (save-excursion (re-search-backward "^\\*+ " nil t))))
        (unless (eq above heading)      ; mostly it is that of the one before
          (setq heading above
                id (explog-ref--id-around)))
        (when id
          (explog-ref--make from to id nil hash))))))

(defun explog-ref--id-around ()
  "Return the id of the experiment that point is in, or nil."
  (save-excursion
    (save-match-data
      (when-let ((heading (explog-ref-experiment-heading)))
        (goto-char heading)
        (explog-heading-experiment-id)))))

(defun explog-ref-button-remove ()
  "Remove all buttons of this buffer."
  (save-restriction
    (widen)
    (mapc #'delete-overlay (explog-ref--in (point-min) (point-max)))))

(defun explog-ref--make (beg end id step hash)
  "Have a button from BEG to END for STEP, or for HASH, of experiment ID."
  (let* ((category (explog-ref--category id step hash))
         (overlay (or (explog-ref--reuse beg end category)
                      (make-overlay beg end nil t)))
         (own (get-text-property beg 'keymap)))
    (overlay-put overlay 'category category)
    (overlay-put overlay 'evaporate t)
    ;; The keymap of an overlay hides that of the text, which magit has
    ;; for what its keys do at a commit.
    (when (and own (not hash))
      (overlay-put overlay 'keymap (make-composed-keymap explog-ref-button-map own)))))

(defun explog-ref--reuse (beg end category)
  "Return the button from BEG to END with CATEGORY that was there before, or nil."
  (when-let ((overlay (seq-find (lambda (overlay)
                                  (and (= beg (overlay-start overlay))
                                       (= end (overlay-end overlay))
                                       (eq category (overlay-get overlay 'category))))
                                explog-ref--before)))
    (setq explog-ref--before (delq overlay explog-ref--before))
    overlay))

;;;; Keeping them true

(defun explog-ref-button-changed (ids)
  "Show what is known of experiments now: of those with IDS, or of any if t.
For `explog-cache-changed-functions'."
  (cond ((eq ids t) (explog-ref--look-again))
        (ids
         (let ((known (make-hash-table :test #'equal)))
           (dolist (id ids)
             (puthash id t known))
           (maphash (lambda (key category)
                      (when (gethash (car key) known)
                        (explog-ref--refresh category)))
                    explog-ref--categories))
         ;; A category that changes is nothing that redisplay notices.
         (force-window-update))))

(defun explog-ref--look-again ()
  "Have what buttons show be asked for again, in the background.
That is for those in view, and for those elsewhere that nothing good is
known of.  The others are when the mouse or point comes to them."
  (let ((categories nil))
    (maphash (lambda (_ category)
               (unless (get category 'explog-ref-known)
                 (push category categories)))
             explog-ref--categories)
    (dolist (category (append (explog-ref--in-view) categories))
      (explog-cache-get (car (get category 'explog-ref-target))))))

(defun explog-ref--in-view ()
  "Return the categories of the buttons in all windows that can be seen."
  (let ((categories nil))
    (walk-windows
     (lambda (window)
       (with-current-buffer (window-buffer window)
         (dolist (overlay (overlays-in (window-start window) (window-end window)))
           (when (overlay-get overlay 'explog-ref-target)
             (push (overlay-get overlay 'category) categories)))))
     'no-minibuffer 'visible)
    categories))

;;;; What a button tells, and where it leads

(defun explog-ref--describe (target)
  "Return one line about TARGET, (ID STEP HASH), or nil if nothing is known yet."
  (pcase-let ((`(,id ,step ,hash) target))
    (if (not hash)
        (explog-ref-describe id step)
      (when-let ((found (explog-ref--commit id hash)))
        (format "%s in %s"
                (substring (explog-cache-step-commit found) 0 (max 10 (length hash)))
                (abbreviate-file-name (explog-cache-step-repository found)))))))

(defun explog-ref--help-echo (_window object position)
  "Return the tooltip of the button at POSITION in OBJECT, a buffer or overlay."
  (let* ((buffer (if (overlayp object) (overlay-buffer object) object))
         (target (if (overlayp object)
                     (overlay-get object 'explog-ref-target)
                   (get-char-property position 'explog-ref-target buffer)))
         (text (and target (explog-ref--describe target))))
    (when text
      ;; A title is no documentation, whatever it has in it.
      (propertize text 'help-echo-inhibit-substitution t))))

(defun explog-ref-visit (&optional event other-window)
  "Go to what the reference or hash at point, or where EVENT is, stands for.
With a prefix argument OTHER-WINDOW, go to a step in another window."
  (interactive (list last-nonmenu-event current-prefix-arg))
  (when (mouse-event-p event)
    (mouse-set-point event))
  (pcase (get-char-property (point) 'explog-ref-target)
    (`(,id ,_ ,(and hash (pred stringp)))
     (explog-ref--visit-commit id hash))
    (_ (pcase (explog-ref-here)
         (`(,id ,step . ,_) (explog-visit-goto id step other-window))
         (_ (user-error "There is no reference here"))))))

(defun explog-ref--visit-commit (id hash)
  "Show the commit whose HASH is on a step of experiment ID."
  ;; A command may wait for what is true now, and do without.
  (when (explog-cache-usable-p)
    (ignore-errors (explog-cache-fetch id)))
  (let ((step (or (explog-ref--commit id hash)
                  (user-error "No repository has a commit %s on a branch" hash))))
    (explog-search-visit-commit (explog-cache-step-repository step)
                                (explog-cache-step-commit step))))

;;;; Eldoc

(defvar explog-ref--eldoc-waits nil
  "What eldoc waits for, (ID STEP CALLBACK), or nil.")

(defun explog-ref-eldoc (callback &rest _)
  "Tell CALLBACK of the reference or hash at point, now or when it is known.
For `eldoc-documentation-functions'."
  (pcase (get-char-property (point) 'explog-ref-target)
    ('nil (setq explog-ref--eldoc-waits nil))
    (target
     (if-let ((text (explog-ref--describe target)))
         (funcall callback text)
       (setq explog-ref--eldoc-waits (list target callback)))
     t)))

(defun explog-ref--tell-eldoc (ids)
  "Tell eldoc what it waits for, if that is of one of IDS."
  (pcase explog-ref--eldoc-waits
    ((and `(,target ,callback) (guard (and (listp ids) (member (car target) ids))))
     (setq explog-ref--eldoc-waits nil)
     (when (equal target (get-char-property (window-point) 'explog-ref-target
                                            (window-buffer)))
       (when-let ((text (explog-ref--describe target)))
         (funcall callback text))))))

;;;; The mode

(defun explog-ref--open-in-org ()
  "Go to what the button at point stands for; return nil if there is none.
For `org-open-at-point-functions'."
  (when (get-char-property (point) 'explog-ref-target)
    (explog-ref-visit)
    t))

;;;###autoload
(define-minor-mode explog-ref-mode
  "Make buttons of references to experiments, as `[e201.1]'.
In a log, the hashes of commits on steps are buttons as well.
\\<explog-ref-button-map>\\[explog-ref-visit] or a mouse click goes there, eldoc and the tooltip
say what it is.  See `global-explog-ref-mode'."
  :group 'explog
  (explog-ref--take-down)
  (when explog-ref-mode
    (explog-ref--set-up)))

(defun explog-ref--set-up ()
  "Do what `explog-ref-mode' is for in this buffer."
  (add-hook 'explog-cache-changed-functions #'explog-ref--changed)
  (add-hook 'change-major-mode-hook #'explog-ref--take-down nil t)
  (add-hook 'eldoc-documentation-functions #'explog-ref-eldoc nil t)
  (add-hook 'xref-backend-functions #'explog-xref-backend -50 t)
  (when (derived-mode-p 'org-mode)
    (add-hook 'org-open-at-point-functions #'explog-ref--open-in-org nil t))
  (explog-ref--start-eldoc)
  ;; There, jit-lock would say that it does not work.
  (unless (buffer-base-buffer)
    (jit-lock-register #'explog-ref-button-fontify)))

(defun explog-ref--take-down ()
  "Take back what `explog-ref--set-up' did in this buffer."
  (remove-hook 'change-major-mode-hook #'explog-ref--take-down t)
  (remove-hook 'eldoc-documentation-functions #'explog-ref-eldoc t)
  (remove-hook 'xref-backend-functions #'explog-xref-backend t)
  (remove-hook 'org-open-at-point-functions #'explog-ref--open-in-org t)
  (explog-ref--stop-eldoc)
  (when (memq #'explog-ref-button-fontify jit-lock-functions)
    (explog-ref--stop-jit-lock))
  (explog-ref-button-remove)
  (unless (seq-some (lambda (buffer) (buffer-local-value 'explog-ref-mode buffer))
                    (buffer-list))
    (remove-hook 'explog-cache-changed-functions #'explog-ref--changed)))

(defun explog-ref--changed (ids)
  "Show what is known of the experiments with IDS now, or of any if t."
  (explog-ref-button-changed ids)
  (explog-ref--tell-eldoc ids))

(defun explog-ref--stop-jit-lock ()
  "Have no more buttons made, and leave nothing of jit-lock that only we used."
  (jit-lock-unregister #'explog-ref-button-fontify)
  (unless jit-lock-mode
    (remove-hook 'fontification-functions #'jit-lock-function t)
    (save-restriction
      (widen)
      (with-silent-modifications
        (remove-text-properties (point-min) (point-max) '(fontified nil))))))

(defvar-local explog-ref--eldoc-started nil
  "Non-nil if eldoc is on in this buffer for our sake alone.")

(defun explog-ref--start-eldoc ()
  "Turn eldoc on where the user has it on, and there was nothing to show so far."
  (when (and (bound-and-true-p global-eldoc-mode)
             (not (bound-and-true-p eldoc-mode)))
    (setq explog-ref--eldoc-started t)
    (eldoc-mode 1)))

(defun explog-ref--stop-eldoc ()
  "Turn eldoc off if it was turned on for our sake."
  (when explog-ref--eldoc-started
    (setq explog-ref--eldoc-started nil)
    (unless (local-variable-p 'eldoc-documentation-functions)
      (eldoc-mode -1))))

(defun explog-ref--turn-on ()
  "Turn on `explog-ref-mode' unless this buffer is of a kind that has no text."
  (unless (or (minibufferp)
              (string-prefix-p " " (buffer-name)))
    (explog-ref-mode 1)))

;;;###autoload
(define-globalized-minor-mode global-explog-ref-mode
  explog-ref-mode explog-ref--turn-on
  :group 'explog
  :predicate '((not term-mode vterm-mode eat-mode image-mode doc-view-mode
                    pdf-view-mode hexl-mode so-long-mode archive-mode tar-mode)
               t))

(provide 'explog-ref)
;;; explog-ref.el ends here
